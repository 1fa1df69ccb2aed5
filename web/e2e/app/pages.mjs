// The pages of each role, with examples for the parameters of their addresses.
const examples = {
  anonymous: () => ["/", "/search?q=python", "/sign-in", "/sign-up", "/reset-password", "/verify-email"],
  student: () => ["/dashboard", "/wishlist", "/account", "/account?part=preferences", "/account?part=security"],
  instructor: () => ["/studio", "/studio/new"],
  admin: () => ["/admin", "/admin/courses", "/admin/people", "/admin/vitals"],
};

// Queries for the rest: the ids of the demo are not the same in each load.
const lookups = {
  async anonymous(v) {
    const { searchCourses } = await v.api('{ searchCourses(query: "graphql", first: 1) { edges { node { slug } } } }');
    return [`/courses/${searchCourses.edges[0].node.slug}`];
  },
  async student(v) {
    const { viewer } = await v.api("{ viewer { certificates(first: 1) { nodes { code } } enrollments(first: 1, status: IN_PROGRESS) { nodes { course { slug } } } } }");
    return [`/certificates/${viewer.certificates.nodes[0].code}`, `/learn/${viewer.enrollments.nodes[0].course.slug}`];
  },
  async instructor(v) {
    const { viewer } = await v.api("{ viewer { coursesTaught(first: 1, status: PUBLISHED) { nodes { id } } } }");
    const course = `/studio/courses/${viewer.coursesTaught.nodes[0].id}`;
    return [course, `${course}/curriculum`, `${course}/analytics`, `${course}/reviews`];
  },
  async admin(v) {
    const { courses } = await v.api("{ courses(first: 1) { nodes { instructor { id } } } }");
    return [`/admin/people/${courses.nodes[0].instructor.id}`];
  },
};

export const listPages = async (v, role) => [...examples[role](), ...await lookups[role](v)];
