import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import { asFault } from "../shared/errors.ts";
import type { Call } from "../shared/serve.ts";
import type { Message } from "./state.ts";

/** Sends in order and stops at the first failure; answers the ids of what SNS has taken. Never throws. */
export async function send(sns: SNSClient, topicArn: string, messages: readonly Message[], call: Call): Promise<ReadonlySet<string>> {
  const sent = new Set<string>();
  for (const message of messages) {
    try {
      await sns.send(toPublish(topicArn, message), { abortSignal: call.signal });
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

/** One publication, in words for each kind of subscriber. `default` is what queues, functions and endpoints get. */
export function toPublish(topicArn: string, message: Message): PublishCommand {
  return new PublishCommand({
    TopicArn: topicArn,
    Subject: `FleetLogix: ${message.vehicle_id} ${isCleared(message) ? "is back on its route" : "has left its route"}`,
    MessageStructure: "json",
    Message: JSON.stringify({ default: JSON.stringify(forMachines(message)), email: forReaders(message), sms: forPhones(message) }),
    MessageAttributes: {
      type: { DataType: "String", StringValue: message.type },
      vehicle_id: { DataType: "String", StringValue: message.vehicle_id },
    },
  });
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

function forReaders(message: Message): string {
  const { lat, lon } = message.position;
  return [
    isCleared(message)
      ? `Vehicle ${message.vehicle_id} is back on ${routeOf(message)}.`
      : `Vehicle ${message.vehicle_id} is ${message.deviation_km} km off ${routeOf(message)}.`,
    "",
    `Distance to the route: ${message.deviation_km} km (allowed: ${message.threshold_km} km)`,
    `Time:                  ${message.timestamp}`,
    `Driver:                ${message.driver_id ?? "unknown"}`,
    `Position:              ${lat}, ${lon}`,
    `Map:                   https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=14/${lat}/${lon}`,
    `Alert:                 ${message.alert_id}`,
  ].join("\n");
}

/** Within one text message of 140 characters for ids of ordinary length. */
const forPhones = (message: Message): string =>
  isCleared(message)
    ? `FleetLogix: ${message.vehicle_id} is back on ${routeOf(message)}.`
    : `FleetLogix: ${message.vehicle_id} is ${message.deviation_km} km off ${routeOf(message)}.`;

const isCleared = (message: Message): boolean => message.type === "ROUTE_DEVIATION_CLEARED";
const routeOf = (message: Message): string => (message.route_id === undefined ? "its planned route" : `route ${message.route_id}`);
