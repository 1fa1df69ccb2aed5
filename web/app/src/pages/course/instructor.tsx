import { Avatar } from "../../ui/avatar";
import { formatCount } from "../../ui/format";
import type { Course } from "./page";

// Instructor is the public profile of who teaches a course.
export function Instructor({ instructor }: { readonly instructor: Course["instructor"] }) {
  const profile = instructor.instructorProfile;
  return (
    <section className="course-section">
      <h2>Instructor</h2>
      <div className="instructor">
        <Avatar name={instructor.name} url={instructor.avatarUrl} />
        <div>
          <h3>{instructor.name}</h3>
          {profile?.headline && <p className="muted">{profile.headline}</p>}
          {profile && <p className="muted">{formatCount(profile.courseCount, "course")} · {formatCount(profile.studentCount, "student")}</p>}
        </div>
      </div>
      {profile?.bio && <p className="prose">{profile.bio}</p>}
    </section>
  );
}
