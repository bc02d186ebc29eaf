import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PlainError } from "../support/plain-error.ts";
import { programPath } from "../support/program-path.ts";

const FOLDER = fileURLToPath(new URL("../../.cache", import.meta.url));

const KEYS = {
  ecdsa: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
  rsa: ["-newkey", "rsa:2048"],
} as const;

/** A certificate that has signed itself, with a key of this kind; made once. Throws where openssl is not installed. */
export function makeCertificate(kind: keyof typeof KEYS): { cert: string; key: string } {
  const cert = join(FOLDER, `storm-${kind}.pem`);
  const key = join(FOLDER, `storm-${kind}.key`);
  if (existsSync(cert) && existsSync(key)) return { cert, key };
  if (programPath("openssl") === undefined) throw new PlainError("openssl is not installed");
  mkdirSync(FOLDER, { recursive: true });
  const self = ["-x509", "-nodes", "-days", "3650", "-subj", "/CN=localhost"];
  const to = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", ...self, ...KEYS[kind], ...to], { stdio: "ignore" });
  return { cert, key };
}
