/** The script of the page: it subscribes over WebSocket, and publishes what the form says. */
import { connect } from "@anax/client";

// What it needs of the browser; in a project of your own, "lib": ["dom"] gives you all of it.
interface Element {
  textContent: string | null;
  readonly value: string;
  append(child: Element): void;
  addEventListener(type: string, listener: (event: { preventDefault(): void }) => void): void;
}
declare const document: {
  querySelector(selector: string): Element | null;
  createElement(name: string): Element;
};
declare const location: { readonly host: string };

function find(selector: string): Element {
  const element = document.querySelector(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
}

const client = await connect(`ws://${location.host}/mqtt`);

client.subscribe("page/time", ({ text }) => {
  find("#time").textContent = text;
});

client.subscribe("page/said", ({ text }) => {
  const line = document.createElement("li");
  line.textContent = text;
  find("#said").append(line);
});

find("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  void client.publish("page/said", find("#text").value, { qos: 1 });
});
