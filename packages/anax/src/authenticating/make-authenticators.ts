import { HttpAuthenticator, JwtAuthenticator } from "@anax/access";
import { AnonymousAuthenticator, CertificateAuthenticator, PasswordFile } from "@anax/server";
import type { Authenticator } from "@anax/server";
import type { AuthenticatorSettings, NamedText } from "./authenticator-flag.ts";

/** The authenticators that settings describe, in order. Throws `MqttConfigurationError` for what cannot work. */
export function makeAuthenticators(
  settings: readonly AuthenticatorSettings[],
  warn: (text: string) => void,
): readonly Authenticator[] {
  return settings.map((one) => authenticatorOf(one, warn));
}

function authenticatorOf(
  settings: AuthenticatorSettings,
  warn: (text: string) => void,
): Authenticator {
  const { type, file = "", userName } = settings;
  switch (type) {
    case "password-file":
      return new PasswordFile(file);
    case "certificate":
      return new CertificateAuthenticator({ userName });
    case "jwt":
      return jwtOf(settings, warn);
    case "http":
      return httpOf(settings);
    case "anonymous":
    case undefined:
      return new AnonymousAuthenticator();
  }
}

function jwtOf(settings: AuthenticatorSettings, warn: (text: string) => void): JwtAuthenticator {
  const { secret, keyFile, keyUrl, timeout, keepClaim } = settings;
  return new JwtAuthenticator({
    secret,
    keyFile,
    keyUrl,
    algorithms: some(settings.algorithm),
    issuer: some(settings.issuer),
    audience: some(settings.audience),
    requireExpiry: !settings.withoutExpiry,
    clockToleranceSeconds: settings.clockTolerance,
    authenticationMethods: some(settings.method),
    cacheSeconds: settings.cache,
    staleSeconds: settings.stale,
    timeoutMs: timeout && timeout * 1_000,
    claims: {
      userName: settings.userNameClaim,
      clientId: settings.clientIdClaim,
      groups: settings.groupsClaim,
      publish: settings.publishClaim,
      subscribe: settings.subscribeClaim,
      keep: some(keepClaim),
    },
    warn: (text) => warn(`${keyFile ?? keyUrl ?? "jwt"}: ${text}`),
  });
}

function httpOf(settings: AuthenticatorSettings): HttpAuthenticator {
  const { url = "", timeout, field, header } = settings;
  return new HttpAuthenticator({
    url,
    method: settings.get ? "GET" : "POST",
    format: settings.form ? "form" : "json",
    headers: named(header),
    fields: some(field) && named(field),
    timeoutMs: timeout && timeout * 1_000,
    cacheSeconds: settings.cache,
    requestsMax: settings.maxRequests,
    waitingMax: settings.maxWaiting,
  });
}

function some<Value>(list: readonly Value[]): readonly Value[] | undefined {
  return list.length === 0 ? undefined : list;
}

function named(pairs: readonly NamedText[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}
