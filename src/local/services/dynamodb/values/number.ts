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

/** The number as AWS returns it: no exponent, no redundant zeros. Throws AWS's error when the text is no number or is outside AWS's range. */
export function canonicalNumber(text: string): string {
  return PLAIN_INTEGER.test(text) ? text : numberText(parseNumber(text));
}

function parseNumber(text: string): Decimal {
  const [, sign, whole = "", fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  if (sign === undefined || whole.length + fraction.length === 0)
    throw invalid(`The parameter cannot be converted to a numeric value${text === "" ? "" : `: ${text}`}`);
  return checkRange(decimalOf(sign === "-", whole + fraction, whole.length + Number(power)));
}

/** Makes a decimal of digits that may have zeros at both ends. */
function decimalOf(negative: boolean, allDigits: string, exponent: number): Decimal {
  let first = 0;
  while (allDigits[first] === "0") first++;
  let end = allDigits.length;
  while (end > first && allDigits[end - 1] === "0") end--;
  return first === end
    ? { negative: false, digits: "", exponent: 0 }
    : { negative, digits: allDigits.slice(first, end), exponent: exponent - first };
}

const overflowError = (): Error => invalid("Number overflow. Attempting to store a number with magnitude larger than supported range");
function checkRange(number: Decimal): Decimal {
  if (number.digits.length > MAX_DIGITS) throw invalid("Attempting to store more than 38 significant digits in a Number");
  if (number.exponent > MAX_EXPONENT) throw overflowError();
  if (number.exponent < MIN_EXPONENT)
    throw invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range");
  return number;
}

function numberText({ negative, digits, exponent }: Decimal): string {
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
  const sum = subtract
    ? timesPowerOfTen(left, scale) - timesPowerOfTen(right, scale)
    : timesPowerOfTen(left, scale) + timesPowerOfTen(right, scale);
  const digits = (sum < 0n ? -sum : sum).toString();
  const result = decimalOf(sum < 0n, digits, digits.length - scale);
  // AWS names a result with too many digits an overflow.
  if (result.digits.length > MAX_DIGITS) throw overflowError();
  return numberText(checkRange(result));
}
/** The number × 10^`scale`, which is a whole number. */
const timesPowerOfTen = ({ negative, digits, exponent }: Decimal, scale: number): bigint => {
  const whole = BigInt(digits || "0") * 10n ** BigInt(Math.max(0, scale + exponent - digits.length));
  return negative ? -whole : whole;
};

/** A text (one byte in each character) that sorts as the canonical number does. */
export function numberKey(text: string): string {
  const { negative, digits, exponent } = parseNumber(text);
  if (digits === "") return "\x80";
  const biasedExponent = exponent - MIN_EXPONENT + 1;
  if (!negative) return `\x81${String.fromCharCode(biasedExponent >> 8, biasedExponent & 255)}${digits}`;
  const complement = Array.from(digits, (digit) => 9 - Number(digit)).join("");
  return `\x7f${String.fromCharCode(255 - (biasedExponent >> 8), 255 - (biasedExponent & 255))}${complement}\xff`;
}

/** Size of a canonical number in bytes, as AWS counts it: one for two digits, one for the exponent, one for a minus sign. */
export function numberSize(text: string): number {
  const { negative, digits, exponent } = parseNumber(text);
  if (digits === "") return 1;
  // Digits are counted in pairs from the decimal point. The first pair and the last pair may hold one digit each.
  const hasTwoHalfPairs = digits.length % 2 === 0 && exponent % 2 !== 0;
  return 1 + Math.ceil(digits.length / 2) + (hasTwoHalfPairs ? 1 : 0) + (negative ? 1 : 0);
}
