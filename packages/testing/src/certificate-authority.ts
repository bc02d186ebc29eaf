import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Files of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What is in a certificate. */
export interface CertificateContent {
  /** As openssl takes it: `/O=Lights/CN=lamp`. */
  readonly subject: string;
  /** Such as `DNS:a.example,URI:urn:lamp:7`. */
  readonly alternativeNames?: string;
}

/** An authority with the system's openssl, in a folder of the test's own: nothing that expires lies in the repository. */
export class CertificateAuthority {
  /** Its certificate. */
  readonly cert: string;
  readonly #folder: string;
  readonly #key: string;
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
    const { cert, key } = this.#make(
      ["-subj", "/CN=authority", "-addext", "basicConstraints=critical,CA:TRUE"],
      "authority",
    );
    this.cert = cert;
    this.#key = key;
  }

  issue({ subject, alternativeNames }: CertificateContent): CertificateFiles {
    this.#made += 1;
    const names = alternativeNames === undefined ? [] : [`subjectAltName=${alternativeNames}`];
    const added = names.flatMap((name) => ["-addext", name]);
    const signer = ["-CA", this.cert, "-CAkey", this.#key];
    return this.#make(["-utf8", "-subj", subject, ...added, ...signer], `issued-${this.#made}`);
  }

  /** Writes the list of revoked certificates to a file, and gives its path. */
  revoke(certificates: readonly CertificateFiles[], name = "revoked.pem"): string {
    const database = join(this.#folder, "index.txt");
    const lines = certificates.map(({ cert }) => {
      const { serialNumber } = new X509Certificate(readFileSync(cert));
      return `R\t400101000000Z\t250101000000Z\t${serialNumber}\tunknown\t/CN=revoked\n`;
    });
    writeFileSync(database, lines.join(""));
    const configuration = join(this.#folder, "authority.cnf");
    writeFileSync(
      configuration,
      `[ca]\ndefault_ca=own\n[own]\ndatabase=${database}\ndefault_md=sha256\ndefault_crl_days=2\n`,
    );
    const path = join(this.#folder, name);
    const files = ["-config", configuration, "-keyfile", this.#key, "-cert", this.cert];
    execFileSync("openssl", ["ca", "-gencrl", ...files, "-out", path], { stdio: "ignore" });
    return path;
  }

  #make(content: readonly string[], name: string): CertificateFiles {
    const cert = join(this.#folder, `${name}.pem`);
    const key = join(this.#folder, `${name}.key`);
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    const files = ["-keyout", key, "-out", cert];
    execFileSync("openssl", [...request.split(" "), ...content, ...files], { stdio: "ignore" });
    return { cert, key };
  }
}
