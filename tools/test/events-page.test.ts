import { SERVER_EVENT_NAMES } from "@anax/server";
import { expect, it } from "vitest";
import { interfacesIn } from "../docs/declared-interface.ts";
import { eventsPage } from "../events-page.ts";
import { repositoryRoot } from "../tidy.ts";

it("tells the fields of every event that has some", () => {
  const page = eventsPage(repositoryRoot());
  const bare = SERVER_EVENT_NAMES.filter((name) =>
    page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0]?.includes("empty object"),
  );
  expect(bare).toEqual(["retainedMessagesCleared", "started", "stopped"]);
  expect(page).toContain("| `processPublish` | `boolean` | **writable** False drops the message");
});

it("reads an interface with what it extends, comments and methods", () => {
  const [one] = interfacesIn(
    "export interface One extends Two, Three {\n  /** First. */\n  readonly a?: string;\n  b: A | B;\n  c(d: E): void;\n}\n",
  );
  expect(one).toEqual({
    name: "One",
    extended: ["Two", "Three"],
    fields: [
      { name: "a", type: "string", isReadonly: true, isOptional: true, comment: "First." },
      { name: "b", type: "A | B", isReadonly: false, isOptional: false, comment: "" },
      { name: "c", type: "(d: E): void", isReadonly: true, isOptional: false, comment: "" },
    ],
  });
});
