/** Splits a line into words as a shell does, with single and double quotes. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/(?:[^\s'"\\]|\\.|'[^']*'|"[^"]*")+/g)].map(([word]) => word);
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_all, single, double, escaped) => single ?? double ?? escaped));
}

/** The commands in backticks in a printed text, each without the words that start the program. */
export function printedCommands(text: string): string[][] {
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, line = ""]) => {
    const words = wordsOf(line);
    const program = words.findIndex((word) => /(^|\/)fleetlogix(\.js)?$/.test(word));
    return program === 0 || (program === 1 && words[0] === "node") ? [words.slice(program + 1)] : [];
  });
}
