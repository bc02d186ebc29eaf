/** Version of this package: written here, for a bundle leaves the manifest behind. A test holds it to the manifest. */
export const VERSION = "0.1.0";
