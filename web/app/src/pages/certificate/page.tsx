import { Link } from "wouter";
import { useQuery } from "../../api/query";
import { CertificatePageDocument } from "../../generated/certificate";
import type { CertificatePageQuery } from "../../generated/types";
import type { PageProps } from "../../pages";
import { Button, ButtonLink } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { ErrorNotice } from "../../ui/error-notice";
import { formatDuration } from "../../ui/format";
import { PageFrame } from "../../ui/page";
import { SkeletonLines } from "../../ui/skeleton";
import { CopyLink } from "./copy-link";
import "./certificate.css";

type Certificate = NonNullable<CertificatePageQuery["certificate"]>;

const longDate = new Intl.DateTimeFormat("en-US", { dateStyle: "long" });

// A certificate, for everyone who has its code. It prints on one page.
export default function CertificatePage({ params: { code = "" } }: PageProps) {
  const { data, error, fetching, refetch } = useQuery(CertificatePageDocument, { code }, { public: true });
  const certificate = data?.certificate;
  if (certificate) return <CertificateView certificate={certificate} />;
  return (
    <PageFrame title="Certificate">
      {error ? <ErrorNotice error={error} onRetry={refetch} /> : fetching ? <SkeletonLines count={6} /> : (
        <Empty title="There is no certificate with this code">
          <p>Check the code for typing mistakes.</p>
          <ButtonLink href="/" kind="primary">All courses</ButtonLink>
        </Empty>
      )}
    </PageFrame>
  );
}

function CertificateView({ certificate: { code, courseTitle, issuedAt, recipient, course } }: { readonly certificate: Certificate }) {
  return (
    <PageFrame title={`Certificate of ${recipient.name}`} heading={null} className="certificate-page">
      <article className="certificate" aria-label={`Certificate of ${recipient.name}`}>
        <p className="certificate-brand">7P Education</p>
        <h1 className="certificate-title">Certificate of completion</h1>
        <p className="certificate-line">This certifies that</p>
        <p className="certificate-name">{recipient.name}</p>
        <p className="certificate-line">has completed the course</p>
        <p className="certificate-course">{courseTitle}</p>
        <dl className="certificate-facts">
          <div><dt>Completed</dt><dd><time dateTime={issuedAt}>{longDate.format(new Date(issuedAt))}</time></dd></div>
          {course && <div><dt>Instructor</dt><dd>{course.instructor.name}</dd></div>}
          {course && <div><dt>Length</dt><dd>{formatDuration(course.durationSeconds)}</dd></div>}
        </dl>
        <p className="certificate-code">Certificate {code}<br />Verify it at {location.origin}/certificates/{code}</p>
      </article>
      <p className="certificate-actions">
        <Button kind="primary" onClick={() => print()}>Print</Button>
        <CopyLink />
        {course && <Link href={`/courses/${course.slug}`} className="button button-quiet">About the course</Link>}
      </p>
    </PageFrame>
  );
}
