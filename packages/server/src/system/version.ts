/** Version of this package. Not read from its manifest, which a bundle leaves behind; a test holds the two together. */
export const VERSION = "0.1.0";
