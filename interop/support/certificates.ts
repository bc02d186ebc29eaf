/**
 * Certificates for one run, made by the system's openssl. They are valid for a hundred years, so
 * that no clock matters, and lie in a folder that is removed when the run is over.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Files of a key and of its certificate, in PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority and the folder where its certificates lie. */
export class CertificateAuthority implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "anax-interop-"));
  readonly #own: CertificateFiles;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.#own = this.#make(name, "basicConstraints=critical,CA:TRUE", []);
  }

  /** File of the authority's own certificate. */
  get certificateFile(): string {
    return this.#own.cert;
  }

  /** The same, in PEM. */
  get certificate(): string {
    return readFileSync(this.certificateFile, "utf8");
  }

  /** Makes a certificate that is good for a server at 127.0.0.1 and for a client of that name. */
  issue(name: string): CertificateFiles {
    const { cert, key } = this.#own;
    return this.#make(name, "subjectAltName=IP:127.0.0.1", ["-CA", cert, "-CAkey", key]);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #make(name: string, extension: string, signer: readonly string[]): CertificateFiles {
    const files = {
      cert: join(this.#folder, `${name}.pem`),
      key: join(this.#folder, `${name}.key`),
    };
    const subject = `/O=${this.#name}/CN=${name}`;
    const request = ["req", "-x509", "-nodes", "-newkey", "ec"];
    const curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const about = ["-days", "36500", "-subj", subject, "-addext", extension];
    const output = ["-out", files.cert, "-keyout", files.key];
    const args = [...request, ...curve, ...about, ...output, ...signer];
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
    return files;
  }
}

/** A key and its certificate, in PEM. */
export function readCertificate({ cert, key }: CertificateFiles): CertificateFiles {
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}
