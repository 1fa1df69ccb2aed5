package store

import (
	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

const categoryColumns = "k.id, k.name, k.slug, k.course_count"

// Categories reads all categories, ordered by name.
func Categories(into func(*edu.Category)) Query {
	return newStatement("Categories", "SELECT ", categoryColumns, " FROM categories k ORDER BY k.name, k.id").dependOn(edu.TagCategories).buildQuery(scanCategory(into))
}

// CategoriesByID reads categories by id, in no particular order.
func CategoriesByID(ids []int64, into func(*edu.Category)) Query {
	s := newStatement("CategoriesByID", "SELECT ", categoryColumns, " FROM categories k WHERE k.id = ANY (")
	return s.addSQL(s.bindArg(ids), ")").dependOnEach(ids, edu.TagCategory).buildQuery(scanCategory(into))
}

// CategoryBySlug reads the category with a slug. into is not called if there is none.
func CategoryBySlug(slug string, into func(*edu.Category)) Query {
	s := newStatement("CategoryBySlug", "SELECT ", categoryColumns, " FROM categories k WHERE k.slug = ")
	return s.addSQL(s.bindArg(slug)).dependOn(edu.TagCategories).buildQuery(scanCategory(into))
}

// TopCategories reads the categories whose published courses have the most enrollments.
func TopCategories(first int, into func(*edu.Category)) Query {
	s := newStatement("TopCategories", "SELECT ", categoryColumns, ` FROM categories k
		LEFT JOIN courses c ON c.category_id = k.id AND c.published
		GROUP BY k.id ORDER BY coalesce(sum(c.enrollment_count), 0) DESC, k.id DESC LIMIT `)
	s.dependOn(edu.TagCategories, edu.TagCourses, edu.TagCoursesEnrollments)
	return s.addSQL(s.bindArg(first)).buildQuery(scanCategory(into))
}

func scanCategory(into func(*edu.Category)) (func(pgx.Rows) error, rowTag) {
	var k edu.Category
	return func(rows pgx.Rows) error {
		err := rows.Scan(&k.ID, &k.Name, &k.Slug, &k.CourseCount)
		row := k
		into(&row)
		return err
	}, rowTag{edu.TagCategory, &k.ID}
}
