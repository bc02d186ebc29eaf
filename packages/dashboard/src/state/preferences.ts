/** What a reader chose: language and colours. Kept in this browser. */
import { Store } from "./store.ts";

export type Language = "en" | "zh";
export type Theme = "light" | "dark";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export const language: Store<Language> = new Store(
  kept("anax.language", ["en", "zh"]) ?? (navigator.language.startsWith("zh") ? "zh" : "en"),
);
export const theme: Store<Theme> = new Store(
  kept("anax.theme", ["light", "dark"]) ?? (systemIsDark.matches ? "dark" : "light"),
);

function kept<Value extends string>(key: string, values: readonly Value[]): Value | undefined {
  const value = localStorage.getItem(key);
  return values.find((one) => one === value);
}

function apply(): void {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset["theme"] = theme.value;
}

/** Follows what is chosen. */
export function startPreferences(): void {
  apply();
  language.follow(() => {
    localStorage.setItem("anax.language", language.value);
    apply();
  });
  theme.follow(() => {
    localStorage.setItem("anax.theme", theme.value);
    apply();
  });
}
