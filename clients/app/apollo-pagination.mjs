import { InMemoryCache, gql } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";

// The arguments in brackets make a list another list; first and after select a page of it.
export const createCache = () => new InMemoryCache({
  typePolicies: {
    Query: {
      fields: {
        courses: relayStylePagination(["filter", "orderBy"]),
        searchCourses: relayStylePagination(["query", "filter", "orderBy"]),
      },
    },
  },
});

export const catalog = gql`
  query Catalog($after: String) {
    courses(first: 10, after: $after) {
      edges { node { id title } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

// fetchNextPage adds the next page to the result of a watched catalog.
export async function fetchNextPage(watched) {
  const { data, loading } = watched.getCurrentResult();
  const { hasNextPage, endCursor } = data.courses.pageInfo;
  if (hasNextPage && !loading) await watched.fetchMore({ variables: { after: endCursor } });
}
