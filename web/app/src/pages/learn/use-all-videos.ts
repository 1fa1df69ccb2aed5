import { useEffect, useState } from "react";
import { client } from "../../api/client";
import { LearnEnrolledPageDocument, LearnPageDocument } from "../../generated/learn";
import type { LearnCourseFragment } from "../../generated/types";
import type { LearnEdge } from "./outline";

// useAllVideos returns the videos of a course. The page has the first hundred; the others follow page by page.
export function useAllVideos(course: LearnCourseFragment | undefined, enrollment: string | null): readonly LearnEdge[] {
  const [further, setFurther] = useState<readonly LearnEdge[]>([]);
  const id = course?.id, slug = course?.slug ?? "";
  const { hasNextPage = false, endCursor = null } = course?.videos.pageInfo ?? {};
  useEffect(() => {
    let current = true;
    async function load() {
      const edges: LearnEdge[] = [];
      for (let more = hasNextPage, after = endCursor; current && more;) {
        const page = await loadPage(slug, enrollment, after);
        if (!page || !current) return;
        edges.push(...page.edges);
        setFurther([...edges]);
        ({ hasNextPage: more, endCursor: after } = page.pageInfo);
      }
    }
    setFurther([]);
    void load();
    return () => { current = false; };
  }, [id, hasNextPage, endCursor, slug, enrollment]);
  return course ? [...course.videos.edges, ...further] : [];
}

async function loadPage(slug: string, enrollment: string | null, after: string | null) {
  if (!enrollment) {
    const { data } = await client.query(LearnPageDocument, { slug, after }).toPromise();
    return data?.course?.videos;
  }
  const { data } = await client.query(LearnEnrolledPageDocument, { enrollment, after }).toPromise();
  return data?.node?.__typename === "Enrollment" ? data.node.course.videos : undefined;
}
