/** Writes one line. On Lambda it goes to standard output, and CloudWatch stores it unchanged. */
export type WriteLine = (line: string) => void;
export type Level = "INFO" | "WARN" | "ERROR";
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one JSON object as a line. Fields hold ids, codes and counts, and no positions, notes or names of people. */
export type Log = (level: Level, message: string, fields?: Fields) => void;

export const makeLog = (write: WriteLine, clock: () => Date, context: Fields): Log => {
  return (level, message, fields = {}) =>
    write(JSON.stringify({ timestamp: clock().toISOString(), level, message, ...context, ...fields }));
};
