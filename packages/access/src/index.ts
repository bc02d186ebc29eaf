/** `@anax/access`: authenticators that ask others who a client is. The public names, listed by hand. */
export type { CredentialFields } from "./credential-template.ts";
export { HttpAuthenticator, type HttpAuthenticatorOptions } from "./http-authenticator.ts";
export { JwtAuthenticator, type JwtAuthenticatorOptions } from "./jwt-authenticator.ts";
export type { TokenClaims } from "./token-claims.ts";
export { TOKEN_ALGORITHMS, type TokenAlgorithm } from "./key-algorithm.ts";
