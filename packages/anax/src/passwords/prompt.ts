/** Asks for a password: without showing it on a terminal, else as the first line of standard input. */
import { CommandError } from "../errors.ts";
import type { Input, Io } from "../io.ts";
import { linesOf } from "../publishing/lines.ts";

const ENTER = /[\r\n]/;
const INTERRUPT = "\u0003";
const END_OF_INPUT = "\u0004";
const BACKSPACE = /[\b\u007f]/;

/** The new password. On a terminal it is asked for twice. Throws `CommandError` if there is none. */
export async function newPassword(io: Io, userName: string): Promise<string> {
  const password = io.stdin.isTTY === true ? await typedTwice(io, userName) : await firstLine(io);
  if (password === "") throw new CommandError("the password is empty");
  return password;
}

async function firstLine({ stdin }: Io): Promise<string> {
  for await (const line of linesOf(stdin)) {
    return new TextDecoder().decode(line).replace(/\r$/, "");
  }
  return "";
}

async function typedTwice(io: Io, userName: string): Promise<string> {
  const password = await typed(io, `Password for ${userName}: `);
  const repeated = await typed(io, "The same again: ");
  if (password !== repeated) throw new CommandError("the two passwords differ");
  return password;
}

/** What is typed up to Enter. */
async function typed({ stdin, stderr }: Io, question: string): Promise<string> {
  stderr.write(question);
  stdin.setRawMode?.(true);
  try {
    return await untilEnter(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    stderr.write("\n");
  }
}

function untilEnter(stdin: Input): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: unknown): void => {
      for (const character of String(chunk)) {
        const isEnd = ENTER.test(character) || character === END_OF_INPUT;
        if (isEnd || character === INTERRUPT) {
          stdin.off("data", onData);
          if (isEnd) resolve(text);
          else reject(new CommandError("interrupted"));
          return;
        }
        text = BACKSPACE.test(character) ? text.slice(0, -1) : text + character;
      }
    };
    stdin.on("data", onData);
    stdin.resume();
  });
}
