package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Triggers issue certificates: see migrations/0025_wishes_certificates.sql.

const certificateColumns = "k.id, k.code::text, k.user_id, k.course_id, k.course_title, k.issued_at"

// CertificateByCode reads the certificate with a code. into is not called if there is none.
func CertificateByCode(code string, into func(*edu.Certificate)) Query {
	s := newStatement("CertificateByCode", "SELECT ", certificateColumns, " FROM certificates k WHERE k.code = ")
	q := s.addSQL(s.bindArg(code), "::text::uuid").buildQuery(scanCertificate(into))
	q.notFoundTag = edu.TagCertificates
	return q
}

// CertificatesByID reads certificates by id, in no particular order.
func CertificatesByID(ids []int64, into func(*edu.Certificate)) Query {
	s := newStatement("CertificatesByID", "SELECT ", certificateColumns, " FROM certificates k WHERE k.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagCertificate).buildQuery(scanCertificate(into))
}

// CertificatesByUser reads the same page of the certificates of each user, the last issued first.
func CertificatesByUser(ids []int64, p edu.PageArgs, into func(user int64, c *edu.Certificate)) Query {
	s := newStatement("CertificatesByUser", "SELECT ", certificateColumns, " FROM unnest(")
	s.addSQL(s.bindArg(ids), `::bigint[]) AS parent (id) CROSS JOIN LATERAL (
		SELECT * FROM certificates k WHERE k.user_id = parent.id`)
	s.addPageClause(edu.CertificateOrder, "k.issued_at", "k.id", p).addSQL(") k").dependOnEach(ids, edu.TagUserCertificates)
	return s.buildQuery(scanCertificate(func(c *edu.Certificate) { into(c.UserID, c) }))
}

// CountCertificatesByUser counts the certificates of each user. into is not called for users without any.
func CountCertificatesByUser(ids []int64, into func(user int64, n int)) Query {
	s := newStatement("CountCertificatesByUser", "SELECT k.user_id, count(*) FROM certificates k WHERE k.user_id = ANY (")
	return s.addSQL(s.bindArg(ids), ") GROUP BY k.user_id").dependOnEach(ids, edu.TagUserCertificates).buildQuery(scanKeyedCount(into))
}

// CertificatesInCourses reads the certificates of users for courses.
func CertificatesInCourses(keys []edu.UserCourse, into func(*edu.Certificate)) Query {
	users, courses := make([]int64, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		users[i], courses[i] = k.UserID, k.CourseID
	}
	s := newStatement("CertificatesInCourses", "SELECT ", certificateColumns, " FROM unnest(")
	s.addSQL(s.bindArg(users), "::bigint[], ", s.bindArg(courses), "::bigint[]) AS t (user_id, course_id) JOIN certificates k USING (user_id, course_id)")
	return s.dependOnEach(users, edu.TagUserCertificates).buildQuery(scanCertificate(into))
}

// scanCertificate returns a scan function for certificates, and the tag of each row.
func scanCertificate(into func(*edu.Certificate)) (func(pgx.Rows) error, rowTag) {
	var c edu.Certificate
	targets := []any{&c.ID, &c.Code, &c.UserID, &c.CourseID, &c.CourseTitle, &c.IssuedAt}
	return func(rows pgx.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row := c
		into(&row)
		return nil
	}, rowTag{edu.TagCertificate, &c.ID}
}
