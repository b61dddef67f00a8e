import type { Publication, Publish } from "../shared/aws/sns.ts";
import { asFault } from "../shared/errors.ts";
import type { Call } from "../shared/serve.ts";
import { type Language, MESSAGE_TEXTS } from "./message-texts.ts";
import type { Message } from "./state.ts";

/** Language and time zone of the messages for people. */
export interface AlertLocale {
  readonly language: Language;
  /** IANA name, such as America/Bogota. */
  readonly timeZone: string;
}
interface Topic {
  readonly topicArn: string;
  readonly locale: AlertLocale;
}

/** Sends the messages in order and stops at the first failure. Returns the ids of the messages that SNS accepted. Never throws. */
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

/** SNS accepts subjects of fewer than 100 ASCII characters. */
const SUBJECT_LENGTH = 99;

/** The message as one SNS publication, with a text for each kind of subscriber. `default` goes to queues, functions and HTTP endpoints. */
export function toPublication({ topicArn, locale }: Topic, message: Message): Publication {
  const words = MESSAGE_TEXTS[locale.language];
  const context = { message, time: localTime(message.timestamp, locale), map: mapLink(message.position) };
  return {
    topicArn,
    subject: toAscii(words.subject(message)).slice(0, SUBJECT_LENGTH),
    message: JSON.stringify({ default: JSON.stringify(toMachineMessage(message)), email: words.email(context), sms: words.sms(context) }),
    attributes: { type: message.type, vehicle_id: message.vehicle_id },
  };
}

function toMachineMessage(message: Message) {
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

/** `2026-03-01 09:05 GMT-5`. The same format in both languages, so that day and month cannot be confused. */
export function localTime(timestamp: string, { timeZone }: AlertLocale): string {
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

/** Five decimals of a degree are about a metre. */
const DECIMALS = 5;
export function mapLink({ lat, lon }: Message["position"]): string {
  const [north, east] = [lat, lon].map((degrees) => Number(degrees.toFixed(DECIMALS)));
  return `https://www.openstreetmap.org/?mlat=${north}&mlon=${east}`;
}

const toAscii = (text: string): string => text.normalize("NFD").replace(/[^\x20-\x7e]/g, "");
