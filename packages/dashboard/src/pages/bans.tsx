import { useEffect, useState } from "preact/hooks";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { ChoiceField, TextField } from "../parts/field.tsx";
import { useAnswer } from "../state/answer.ts";
import { ask, mayOperate, request } from "../state/session.ts";
import { dateTime, say } from "../words/words.ts";

type Kind = "clientId" | "userName" | "address";

interface Ban {
  readonly kind: Kind;
  readonly value: string;
  readonly sinceMs: number;
  readonly untilMs?: number;
  readonly reason?: string;
}

const KINDS = {
  clientId: "banKindClientId",
  userName: "banKindUserName",
  address: "banKindAddress",
} as const;

/** What is kept out, and a form to keep out more. */
export function BansPage() {
  const { answer, error, load } = useAnswer(() => ask<{ readonly items: readonly Ban[] }>("bans"));
  useEffect(() => void load(), []);
  const bans = answer?.items;
  return (
    <>
      <h1>{say("bans")}</h1>
      {error !== undefined && <p role="alert">{error}</p>}
      {mayOperate() ? <BanForm done={load} /> : <p>{say("needsOperator")}</p>}
      {bans?.length === 0 && <p class="soft">{say("empty")}</p>}
      {bans !== undefined && bans.length > 0 && <BanTable bans={bans} lifted={load} />}
    </>
  );
}

function BanForm({ done }: { readonly done: () => Promise<void> }) {
  const [kind, setKind] = useState<Kind>("clientId");
  const [value, setValue] = useState("");
  const [seconds, setSeconds] = useState("");
  const [reason, setReason] = useState("");
  const { error, load: submit } = useAnswer(async () => {
    const durationSeconds = seconds === "" ? {} : { durationSeconds: Number(seconds) };
    const given = { kind, value, ...durationSeconds, ...(reason !== "" && { reason }) };
    await request("POST", "bans", { body: given });
    setValue("");
    await done();
  });
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <ChoiceField
        label={say("banKind")}
        value={kind}
        set={setKind}
        choices={Object.entries(KINDS).map(([one, word]) => [one as Kind, say(word)] as const)}
      />
      <TextField label={say("banValue")} value={value} set={setValue} />
      <ChoiceField
        label={say("banFor")}
        value={seconds}
        set={setSeconds}
        choices={[
          ["", say("banForEver")],
          ["3600", say("banHour")],
          ["86400", say("banDay")],
          ["604800", say("banWeek")],
        ]}
      />
      <TextField label={say("banReason")} value={reason} set={setReason} />
      <button type="submit" class="danger" disabled={value === ""}>
        {say("ban")}
      </button>
      {error !== undefined && <p role="alert">{error}</p>}
    </form>
  );
}

function BanTable({
  bans,
  lifted,
}: {
  readonly bans: readonly Ban[];
  readonly lifted: () => Promise<void>;
}) {
  return (
    <table class="small">
      <thead>
        <tr>
          <th scope="col">{say("banKind")}</th>
          <th scope="col">{say("banValue")}</th>
          <th scope="col">{say("banSince")}</th>
          <th scope="col">{say("banUntil")}</th>
          <th scope="col">{say("banReason")}</th>
          {mayOperate() && <th scope="col">{say("lift")}</th>}
        </tr>
      </thead>
      <tbody>
        {bans.map(({ kind, value, sinceMs, untilMs, reason }) => (
          <tr key={`${kind} ${value}`}>
            <td>{say(KINDS[kind])}</td>
            <td>{value}</td>
            <td>{dateTime(sinceMs)}</td>
            <td>{untilMs === undefined ? say("banForEver") : dateTime(untilMs)}</td>
            <td>{reason}</td>
            {mayOperate() && (
              <td>
                <ConfirmButton
                  label={say("lift")}
                  question={say("liftAsk", { name: value })}
                  act={async () => {
                    await request("DELETE", `bans/${kind}/${encodeURIComponent(value)}`);
                    await lifted();
                  }}
                />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
