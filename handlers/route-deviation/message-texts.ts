import type { Message } from "./state.ts";

/** The language of the messages for people. */
export type Language = "es" | "en";

export interface MessageContext {
  readonly message: Message;
  /** Local time. */
  readonly time: string;
  /** Link to the position on a map. */
  readonly map: string;
}
export interface MessageTexts {
  readonly subject: (message: Message) => string;
  readonly email: (context: MessageContext) => string;
  /** Short: one or two text messages for ids of ordinary length. */
  readonly sms: (context: MessageContext) => string;
}

const isCleared = (message: Message): boolean => message.type === "ROUTE_DEVIATION_CLEARED";
const isMoved = (message: Message): boolean => message.close_reason === "route_changed";

/** In Spanish a point groups thousands: 4.433 km would be read as four thousand. */
const decimal = (value: number): string => String(value).replace(".", ",");
const es = {
  route: ({ route_id: id }: Message): string => (id === undefined ? "su ruta planificada" : `la ruta ${id}`),
  headline(message: Message): string {
    const { vehicle_id: id, deviation_km: km } = message;
    if (isMoved(message)) return `El vehículo ${id} dejó ${es.route(message)} y sigue otra ruta.`;
    if (isCleared(message)) return `El vehículo ${id} volvió a ${es.route(message)}.`;
    return `El vehículo ${id} está a ${decimal(km)} km de ${es.route(message)}.`;
  },
};
const en = {
  route: ({ route_id: id }: Message): string => (id === undefined ? "its planned route" : `route ${id}`),
  headline(message: Message): string {
    const { vehicle_id: id, deviation_km: km } = message;
    if (isMoved(message)) return `Vehicle ${id} has left ${en.route(message)} for another route.`;
    if (isCleared(message)) return `Vehicle ${id} is back on ${en.route(message)}.`;
    return `Vehicle ${id} is ${km} km off ${en.route(message)}.`;
  },
};

const lines = (headline: string, rows: readonly (readonly [label: string, value: string])[]): string => {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return [headline, "", ...rows.map(([label, value]) => `${`${label}:`.padEnd(width)}${value}`)].join("\n");
};

export const MESSAGE_TEXTS: Readonly<Record<Language, MessageTexts>> = {
  es: {
    subject: (message) =>
      `FleetLogix: ${message.vehicle_id} ${isMoved(message) ? "cambio de ruta" : isCleared(message) ? "volvio a su ruta" : "salio de su ruta"}`,
    email: ({ message, time, map }) =>
      lines(es.headline(message), [
        ["Distancia a la ruta", `${decimal(message.deviation_km)} km (permitidos: ${decimal(message.threshold_km)} km)`],
        ["Hora", time],
        ["Conductor", message.driver_id ?? "desconocido"],
        ["Posición", `${message.position.lat}, ${message.position.lon}`],
        ["Mapa", map],
        ["Alerta", message.alert_id],
      ]),
    sms: ({ message, time, map }) => `FleetLogix: ${es.headline(message)} ${time} ${map}`,
  },
  en: {
    subject: (message) =>
      `FleetLogix: ${message.vehicle_id} ${isMoved(message) ? "has changed its route" : isCleared(message) ? "is back on its route" : "has left its route"}`,
    email: ({ message, time, map }) =>
      lines(en.headline(message), [
        ["Distance to the route", `${message.deviation_km} km (allowed: ${message.threshold_km} km)`],
        ["Time", time],
        ["Driver", message.driver_id ?? "unknown"],
        ["Position", `${message.position.lat}, ${message.position.lon}`],
        ["Map", map],
        ["Alert", message.alert_id],
      ]),
    sms: ({ message, time, map }) => `FleetLogix: ${en.headline(message)} ${time} ${map}`,
  },
};
