import type { Publication, Publish } from "../shared/aws/sns.ts";
import { asFault } from "../shared/errors.ts";
import type { Call } from "../shared/serve.ts";
import type { Message } from "./state.ts";
import { type Language, WORDS } from "./words.ts";

/** How people are told. */
export interface Wording {
  readonly language: Language;
  /** IANA name, such as America/Bogota. */
  readonly timeZone: string;
}
interface Topic {
  readonly topicArn: string;
  readonly wording: Wording;
}

/** Sends in order and stops at the first failure; answers the ids of what SNS has taken. Never throws. */
export async function send(publish: Publish, topic: Topic, messages: readonly Message[], call: Call): Promise<ReadonlySet<string>> {
  const sent = new Set<string>();
  for (const message of messages) {
    try {
      await publish(toPublication(topic, message), call.signal);
      sent.add(message.id);
    } catch (error) {
      const fault = asFault(error);
      call.log("ERROR", "message not sent; the next fix sends it", {
        alert_id: message.alert_id,
        type: message.type,
        error_name: fault.name,
        aws_request_id: fault.$metadata?.requestId,
      });
      call.count("NotifyFailed");
      break;
    }
  }
  call.count("Notified", sent.size);
  return sent;
}

/** SNS takes subjects of ASCII alone, shorter than this. */
const SUBJECT_LENGTH = 99;

/** One publication, in words for each kind of subscriber. `default` is what queues, functions and endpoints get. */
export function toPublication({ topicArn, wording }: Topic, message: Message): Publication {
  const words = WORDS[wording.language];
  const told = { message, time: localTime(message.timestamp, wording), map: mapLink(message.position) };
  return {
    topicArn,
    subject: toAscii(words.subject(message)).slice(0, SUBJECT_LENGTH),
    message: JSON.stringify({ default: JSON.stringify(forMachines(message)), email: words.email(told), sms: words.sms(told) }),
    attributes: { type: message.type, vehicle_id: message.vehicle_id },
  };
}

function forMachines(message: Message) {
  return {
    type: message.type,
    alert_id: message.alert_id,
    vehicle_id: message.vehicle_id,
    route_id: message.route_id ?? null,
    driver_id: message.driver_id ?? null,
    deviation_km: message.deviation_km,
    threshold_km: message.threshold_km,
    position: message.position,
    timestamp: message.timestamp,
  };
}

/** `2026-03-01 09:05 GMT-5`: the same order of numbers in both languages, so that nobody takes the month for the day. */
export function localTime(timestamp: string, { timeZone }: Wording): string {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "shortOffset",
  });
  const parts = new Map(format.formatToParts(new Date(timestamp)).map(({ type, value }) => [type, value]));
  const [year, month, day, hour, minute, zone] = ["year", "month", "day", "hour", "minute", "timeZoneName"].map((name) =>
    parts.get(name as never),
  );
  return `${year}-${month}-${day} ${hour}:${minute} ${zone}`;
}

/** About a metre. */
const DECIMALS = 5;
export function mapLink({ lat, lon }: Message["position"]): string {
  const [north, east] = [lat, lon].map((degrees) => Number(degrees.toFixed(DECIMALS)));
  return `https://www.openstreetmap.org/?mlat=${north}&mlon=${east}`;
}

const toAscii = (text: string): string => text.normalize("NFD").replace(/[^\x20-\x7e]/g, "");
