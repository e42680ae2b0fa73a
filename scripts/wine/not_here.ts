/** The tests of agent and libraries that cannot hold under Wine, by name, each with the reason. */

/** See the file comment. */
export const NOT_HERE: Readonly<Record<string, readonly string[]>> = {};
