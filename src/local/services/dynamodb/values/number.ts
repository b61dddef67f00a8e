import { invalid } from "./faults.ts";

/** 0.`digits` × 10^`exponent`. Zero has no digits. The digits neither begin nor end with zeros. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}
/** AWS keeps 38 digits, from 1E-130 to 9.99…E+125. */
const MAX_DIGITS = 38;
const MAX_EXPONENT = 126;
const MIN_EXPONENT = -129;
const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,15})$/;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** The number as AWS returns it: no exponent, no needless zeros. Throws AWS's error when the text is no number or has too many digits. */
export function canonicalNumber(text: string): string {
  return PLAIN_INTEGER.test(text) ? text : plain(parseNumber(text));
}

function parseNumber(text: string): Decimal {
  const [, sign, whole = "", fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  if (sign === undefined || whole.length + fraction.length === 0)
    throw invalid(`The parameter cannot be converted to a numeric value${text === "" ? "" : `: ${text}`}`);
  return checked(decimal(sign === "-", whole + fraction, whole.length + Number(power)));
}

/** Makes a decimal of digits that may have zeros at both ends. */
function decimal(negative: boolean, all: string, exponent: number): Decimal {
  let first = 0;
  while (all[first] === "0") first++;
  let end = all.length;
  while (end > first && all[end - 1] === "0") end--;
  return first === end
    ? { negative: false, digits: "", exponent: 0 }
    : { negative, digits: all.slice(first, end), exponent: exponent - first };
}

const overflow = (): Error => invalid("Number overflow. Attempting to store a number with magnitude larger than supported range");
function checked(number: Decimal): Decimal {
  if (number.digits.length > MAX_DIGITS) throw invalid("Attempting to store more than 38 significant digits in a Number");
  if (number.exponent > MAX_EXPONENT) throw overflow();
  if (number.exponent < MIN_EXPONENT)
    throw invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range");
  return number;
}

function plain({ negative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent <= 0) return `${sign}0.${"0".repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return `${sign}${digits}${"0".repeat(exponent - digits.length)}`;
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** Compares two canonical numbers: negative, zero or positive, as for a sort. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length < 16 && b.length < 16 && !a.includes(".") && !b.includes(".")) return Number(a) - Number(b);
  const left = numberKey(a);
  const right = numberKey(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Adds or subtracts two canonical numbers exactly. Throws when the result has more than 38 digits or leaves the range. */
export function addNumbers(a: string, b: string, subtract = false): string {
  const left = parseNumber(a);
  const right = parseNumber(b);
  const scale = Math.max(left.digits.length - left.exponent, right.digits.length - right.exponent, 0);
  const sum = subtract ? scaled(left, scale) - scaled(right, scale) : scaled(left, scale) + scaled(right, scale);
  const digits = (sum < 0n ? -sum : sum).toString();
  const result = decimal(sum < 0n, digits, digits.length - scale);
  // AWS names a result with too many digits an overflow.
  if (result.digits.length > MAX_DIGITS) throw overflow();
  return plain(checked(result));
}
/** The number × 10^`scale`, which is a whole number. */
const scaled = ({ negative, digits, exponent }: Decimal, scale: number): bigint => {
  const whole = BigInt(digits || "0") * 10n ** BigInt(Math.max(0, scale + exponent - digits.length));
  return negative ? -whole : whole;
};

/** A text (one byte in each character) that sorts as the canonical number does. */
export function numberKey(text: string): string {
  const { negative, digits, exponent } = parseNumber(text);
  if (digits === "") return "\x80";
  const place = exponent - MIN_EXPONENT + 1;
  if (!negative) return `\x81${String.fromCharCode(place >> 8, place & 255)}${digits}`;
  const complement = Array.from(digits, (digit) => 9 - Number(digit)).join("");
  return `\x7f${String.fromCharCode(255 - (place >> 8), 255 - (place & 255))}${complement}\xff`;
}

/** Size of a canonical number as AWS counts it: a byte for two digits, one for the exponent, one for the sign. */
export function numberSize(text: string): number {
  const { negative, digits, exponent } = parseNumber(text);
  if (digits === "") return 1;
  const odd = digits.length % 2 === 1 || (exponent - 1) % 2 !== 0;
  return 1 + Math.ceil(digits.length / 2) + (odd ? 0 : 1) + (negative ? 1 : 0);
}
