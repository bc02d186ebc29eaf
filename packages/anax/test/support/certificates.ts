import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Files of a test run: an authority, and what it has signed for a server and a client. */
export interface CertificateFiles {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes them in `folder` with the system's openssl, so that none that expires lies in the repository. */
export function makeCertificates(folder: string): CertificateFiles {
  const authority = make(folder, "authority", ["basicConstraints=critical,CA:TRUE"]);
  const signer = ["-CA", authority.cert, "-CAkey", authority.key];
  return {
    ca: authority.cert,
    server: make(folder, "server", ["subjectAltName=IP:127.0.0.1"], signer),
    client: make(folder, "client", [], signer),
  };
}

function make(
  folder: string,
  name: string,
  extensions: readonly string[],
  signer: readonly string[] = [],
): CertificateFiles["server"] {
  const cert = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const files = ["-subj", `/CN=${name}`, "-keyout", key, "-out", cert];
  execFileSync("openssl", [...request.split(" "), ...files, ...added, ...signer], {
    stdio: "ignore",
  });
  return { cert, key };
}
