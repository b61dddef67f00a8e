import { LocalFault } from "../../../core/service.ts";

/** AWS's ValidationException, status 400. */
export const invalid = (message: string): LocalFault => new LocalFault("ValidationException", message);
export const invalidParameter = (message: string): LocalFault => invalid(`One or more parameter values were invalid: ${message}`);
