/** What is wrong with a value and what to write instead; both whole sentences without the value's place. */
export interface Complaint {
  readonly message: string;
  readonly remedy: string;
}
/** undefined: the value is fine. */
export type Rule<T> = (value: T) => Complaint | undefined;

export const complain = (message: string, remedy: string): Complaint => ({ message, remedy });
