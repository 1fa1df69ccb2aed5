// hasCode reports whether one of the errors of a response has a code. It accepts the errors of Apollo Client
// and of urql, and a response itself.
export function hasCode(error, code) {
  const errors = error?.errors ?? error?.graphQLErrors ?? [];
  return errors.some(({ extensions }) => extensions?.code === code);
}
