import { useState } from "react";

export interface Last<T> {
  readonly value: T | undefined;
  readonly key: string; // of the value
}

// useLast returns the last value that was there, with its key, so that a list stays while the next one is fetched.
export function useLast<T>(value: T | undefined, key: string): Last<T> {
  const [last, setLast] = useState<Last<T>>({ value, key });
  if (value === undefined || (value === last.value && key === last.key)) return last;
  const next = { value, key };
  setLast(next);
  return next;
}
