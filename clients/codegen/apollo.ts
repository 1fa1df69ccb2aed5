import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { ObjectDocument } from "./generated/graphql";
import matcher from "./generated/possible-types";

export function createClient(uri: string) {
  return new ApolloClient({
    cache: new InMemoryCache({ possibleTypes: matcher.possibleTypes }),
    link: new HttpLink({ uri }),
  });
}

// fetchTitle returns the title of a course. The types of data and variables are those of the document.
export async function fetchTitle(client: ApolloClient, id: string): Promise<string | undefined> {
  const { data } = await client.query({ query: ObjectDocument, variables: { id } });
  return data?.node?.__typename === "Course" ? data.node.title : undefined;
}
