/** The error in a value, and the remedy. Both are sentences, without the position of the value. */
export interface Complaint {
  readonly message: string;
  readonly remedy: string;
}
/** undefined: the value is valid. */
export type Rule<T> = (value: T) => Complaint | undefined;

export const complain = (message: string, remedy: string): Complaint => ({ message, remedy });
