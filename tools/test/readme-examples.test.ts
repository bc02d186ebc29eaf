import { describe, expect, it } from "vitest";
import { readmeExamples } from "../readme-examples.ts";

const PAGE = `# Page

\`\`\`sh
npm test
\`\`\`

<!-- example: client -->

\`\`\`ts
await connect();
\`\`\`

It prints

\`\`\`text
hello
\`\`\`

<!-- example: command -->
\`\`\`sh
npx anax serve
\`\`\`

Prose.

\`\`\`text
not an output
\`\`\`
`;

describe("the examples of a page", () => {
  it("are the blocks of code that follow a mark", () => {
    const examples = readmeExamples(PAGE);
    expect([...examples.values()]).toEqual([
      { name: "client", language: "ts", code: "await connect();\n", output: "hello\n" },
      { name: "command", language: "sh", code: "npx anax serve\n", output: undefined },
    ]);
  });

  it("are missed when a mark has no code", () => {
    expect(() => readmeExamples("<!-- example: lost -->\n\nProse.\n")).toThrow(/"lost"/);
  });

  it("have one name each", () => {
    expect(() => readmeExamples(PAGE + PAGE)).toThrow(/two examples "client"/);
  });
});
