import { constants } from "node:fs";

/** Windows has no such flag. There, creating links needs a privilege. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** Flags for files of the data folder. They refuse symbolic links, which a cloned repository could contain and which could lead out of the folder. */
export const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW;
export const READ_APPEND = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW;
export const REPLACE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_FOLLOW;
