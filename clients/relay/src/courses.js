// Components as a front end would write them; only relay-compiler reads this file.
const { graphql } = require("react-relay");

module.exports.list = graphql`
  fragment courses_list on Query @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "coursesPaginationQuery") {
    courses(first: $count, after: $cursor) @connection(key: "courses_list_courses") {
      edges { cursor node { id slug title viewerEnrollment { id progress } } }
    }
  }
`;

module.exports.query = graphql`
  query coursesQuery { ...courses_list }
`;

module.exports.course = graphql`
  fragment courses_course on Course @refetchable(queryName: "coursesCourseQuery") {
    title
    relatedCourses(first: 3) { id title }
  }
`;

module.exports.enroll = graphql`
  mutation coursesEnrollMutation($input: EnrollInput!) {
    enroll(input: $input) {
      enrollment { id course { id enrollmentCount } }
      userErrors { code message field }
    }
  }
`;
