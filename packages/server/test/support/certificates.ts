import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key and the certificate for it, in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** Certificates made for one test run: an authority and what it has signed. */
export interface Certificates {
  readonly ca: string;
  readonly server: KeyPair;
  readonly otherServer: KeyPair;
  readonly client: KeyPair;
}

/** Makes them with the system's openssl, so that none that expires lies in the repository. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "anax-certificates-"));
  try {
    const ca = signed(folder, {
      name: "authority",
      extensions: "basicConstraints=critical,CA:TRUE",
    });
    return {
      ca: ca.cert,
      server: signed(folder, { name: "server", issuer: "authority" }),
      otherServer: signed(folder, { name: "other-server", issuer: "authority" }),
      client: signed(folder, { name: "client", issuer: "authority" }),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function signed(
  folder: string,
  { name, issuer, extensions }: { name: string; issuer?: string; extensions?: string },
): KeyPair {
  const path = (file: string): string => join(folder, file);
  const signer =
    issuer === undefined ? [] : ["-CA", path(`${issuer}.pem`), "-CAkey", path(`${issuer}.key`)];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const subject = ["-subj", `/CN=${name}`, "-addext", extensions ?? "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", path(`${name}.key`), "-out", path(`${name}.pem`)];
  execFileSync("openssl", request.split(" ").concat(subject, files, signer), { stdio: "ignore" });
  const read = (file: string): string => readFileSync(path(file), "utf8");
  return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
}
