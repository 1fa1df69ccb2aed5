// The part of the contract's schema that the five operations use.
export const schema = `
scalar DateTime
scalar Decimal

enum Difficulty { BEGINNER INTERMEDIATE ADVANCED }
enum EnrollmentStatus { NOT_STARTED IN_PROGRESS COMPLETED }
enum PriceFilter { FREE PAID }
enum OrderDirection { ASC DESC }
enum SearchSort { RELEVANCE RATING ENROLLMENTS NEWEST }
enum Interval { DAY }
enum CourseOrderField { PUBLISHED_AT TITLE PRICE RATING ENROLLMENTS }

input CourseFilter { categoryId: ID difficulty: Difficulty price: PriceFilter minRating: Float tags: [String!] }
input CourseOrder { field: CourseOrderField! direction: OrderDirection! = DESC }

type PageInfo { hasNextPage: Boolean! endCursor: String }
type Money { amount: Decimal! currencyCode: String! }
type TimePoint { at: DateTime! value: Float! }

type User {
  id: ID!
  name: String!
  email: String
  coursesTaught(first: Int! = 20): CourseConnection!
  dashboard: Dashboard
}
type Category {
  id: ID!
  name: String!
  slug: String!
  courseCount: Int!
  courses(first: Int! = 20): CourseConnection!
}
type Course {
  id: ID!
  slug: String!
  title: String!
  description: String!
  tags: [String!]!
  difficulty: Difficulty!
  price: Money!
  durationSeconds: Int!
  thumbnailUrl: String
  publishedAt: DateTime
  category: Category!
  instructor: User!
  rating: Float
  reviewCount: Int!
  enrollmentCount: Int!
  videos(first: Int! = 20): VideoConnection!
  reviews(first: Int! = 20): ReviewConnection!
  viewerEnrollment: Enrollment
  relatedCourses(first: Int! = 5): [Course!]!
}
type Video { id: ID! title: String! position: Int! durationSeconds: Int! }
type Review { id: ID! author: User! rating: Int! body: String! createdAt: DateTime! }
type Enrollment { id: ID! course: Course! progress: Float! status: EnrollmentStatus! lastAccessedAt: DateTime }
type Dashboard {
  enrolledCoursesCount: Int!
  inProgressCoursesCount: Int!
  completedCoursesCount: Int!
  watchTimeSeconds(days: Int! = 30): Int!
  watchTime(interval: Interval! = DAY, last: Int! = 14): [TimePoint!]!
  recentActivity(days: Int! = 7, first: Int! = 10): [Enrollment!]!
  recommendedCourses(first: Int! = 5): [Course!]!
}

type CourseConnection { nodes: [Course!]! pageInfo: PageInfo! totalCount: Int! }
type VideoConnection { nodes: [Video!]! totalCount: Int! }
type ReviewConnection { nodes: [Review!]! totalCount: Int! }
type CourseSearchConnection { edges: [CourseSearchEdge!]! pageInfo: PageInfo! totalCount: Int! facets: SearchFacets! didYouMean: String }
type CourseSearchEdge { node: Course! score: Float! highlight: SearchHighlight }
type SearchHighlight { title: String! description: String! }
type SearchFacets { categories: [CategoryFacet!]! difficulties: [DifficultyFacet!]! prices: [PriceFacet!]! }
type CategoryFacet { category: Category! count: Int! }
type DifficultyFacet { difficulty: Difficulty! count: Int! }
type PriceFacet { price: PriceFilter! count: Int! }

type Query {
  viewer: User
  course(slug: String): Course
  courses(first: Int! = 20, after: String, filter: CourseFilter, orderBy: CourseOrder): CourseConnection!
  categories: [Category!]!
  searchCourses(query: String! = "", filter: CourseFilter, sort: SearchSort! = RELEVANCE, first: Int! = 20, after: String): CourseSearchConnection!
}
`;
