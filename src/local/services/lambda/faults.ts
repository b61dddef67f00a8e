import { LocalFault } from "../../core/service.ts";

/** An error that is the caller's. Almost all of Lambda's errors say so in their member `Type`. */
export const userFault = (code: string, message: string, status?: number): LocalFault =>
  new LocalFault(code, message, status, { Type: "User" });
export const invalid = (message: string): LocalFault => userFault("InvalidParameterValueException", message);
export const conflict = (message: string): LocalFault => userFault("ResourceConflictException", message);
export const absent = (message: string): LocalFault => userFault("ResourceNotFoundException", message);
