/** Works something out once for each object that it is worked out from. */

/**
 * @param make Pure: the same key always gives the same value
 * @returns The same function, which remembers its values as long as their keys live; what it throws is not remembered
 */
export function onceFor<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key);
    if (found) return found.value;
    const value = make(key);
    known.set(key, { value });
    return value;
  };
}
