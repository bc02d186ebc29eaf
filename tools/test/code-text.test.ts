import { describe, expect, it } from "vitest";
import { codeOnly } from "../tidy/code-text.ts";

describe("code without comments and strings", () => {
  it.each([
    ["a; // b\nc;", "a;     \nc;"],
    ["a /* b\n c */ d", "a     \n      d"],
    [`f("a // b");`, `f("      ");`],
    [`f('it\\'s');`, `f('     ');`],
    ["f(`a ${b} c`);", "f(`   {b}  `);"],
    ["f(`${ {a: `x`} }`);", "f(` { {a: ` `} }`);"],
    ["x = a / b / c;", "x = a / b / c;"],
    ['x = /a"[/]b/.test(y);', "x = /      /.test(y);"],
    ["return /'/;", "return / /;"],
    ["x = (a) / 2; // '", "x = (a) / 2;     "],
  ])("blanks %j", (text, expected) => {
    expect(codeOnly(text)).toBe(expected);
  });

  it("keeps every offset and line", () => {
    const text = "const a = `x\n${1}\ny`; /* z\n */ b();\n";
    const code = codeOnly(text);
    expect(code).toHaveLength(text.length);
    expect(code.indexOf("b()")).toBe(text.indexOf("b()"));
    expect(code.split("\n")).toHaveLength(text.split("\n").length);
  });
});
