package demo

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
)

var userColumns = []string{
	"id", "name", "email", "password_hash", "avatar_url", "role", "plan", "preferences", "active", "created_at", "last_login",
	"headline", "bio", "links",
}

// preferences are the keys of users.preferences; an omitted key has the server's default.
type preferences struct {
	Locale             string  `json:"locale,omitempty"`
	Theme              string  `json:"theme,omitempty"`
	EmailNotifications *bool   `json:"emailNotifications,omitempty"`
	PlaybackSpeed      float64 `json:"playbackSpeed,omitempty"`
}

var (
	locales = []string{"en-US", "en-US", "en-GB", "en-IN", "de-DE", "fr-FR", "es-ES", "es-MX", "pt-BR", "it-IT", "pl-PL", "tr-TR", "ja-JP", "ko-KR", "zh-CN", "ar-EG"}
	themes  = []string{"system", "light", "dark", "dark"}
	speeds  = []float64{0.75, 1, 1, 1, 1, 1.25, 1.25, 1.5, 1.5, 1.75, 2}
)

func (ds *dataset) userRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		teaches := make([]bool, len(ds.joinedAt))
		for _, c := range ds.courses {
			teaches[c.instructor] = true
		}
		for user := range ds.joinedAt {
			row := ds.userRow(ds.newRandom(streamUser, user), user, teaches[user])
			if user < len(accounts) {
				row = ds.accountRow(user)
			}
			if !yield(row) {
				return
			}
		}
	}
}

func (ds *dataset) userRow(r *rand.Rand, user int, teaches bool) []any {
	given, family := drawName(r)
	role, plan := "student", "free"
	switch {
	case teaches:
		role = "instructor"
	case drawBool(r, 0.0005):
		role = "admin"
	}
	if teaches || drawBool(r, 0.2) {
		plan = "premium"
	}
	var avatar any
	if teaches || drawBool(r, 0.7) {
		avatar = avatarURL(user)
	}
	active := teaches || !drawBool(r, 0.01)
	row := []any{
		user + 1, given + " " + family, makeEmail(given, family, user), nil, avatar, role, plan,
		drawPreferences(r), active, timeFromUnix(ds.joinedAt[user]), nullableTime(ds.drawLastLogin(r, user)),
	}
	return append(row, drawProfile(r, role)...)
}

// accountRow returns the row of one of the three accounts.
func (ds *dataset) accountRow(user int) []any {
	a := accounts[user]
	on := true
	prefs, _ := json.Marshal(preferences{"en-GB", "dark", &on, 1.25}) // strings and numbers: no error is possible
	row := []any{
		user + 1, a.name, a.email, ds.hashedPassword, avatarURL(user), a.role, a.plan,
		string(prefs), true, timeFromUnix(ds.joinedAt[user]), timeFromUnix(ds.now - 30*minute),
	}
	return append(row, drawProfile(ds.newRandom(streamUser, user), a.role)...)
}

// drawProfile returns the columns of the profile of an instructor, which are empty for others.
func drawProfile(r *rand.Rand, role string) []any {
	if role != "instructor" {
		return []any{"", "", "[]"}
	}
	site := drawItem(r, []string{"https://teaching.example", "https://lectures.example", "https://notes.example"})
	links, _ := json.Marshal([]map[string]string{{"label": "Website", "url": site}}) // strings: no error is possible
	return []any{drawItem(r, headlines), drawItem(r, biographies), string(links)}
}

func avatarURL(user int) string {
	return fmt.Sprintf("https://images.7p.example/avatars/%d.jpg", user+1)
}

// drawPreferences returns the preferences of a user who changed some, all or none of them.
func drawPreferences(r *rand.Rand) string {
	var p preferences
	if drawBool(r, 0.8) {
		p.Locale = drawItem(r, locales)
	}
	if drawBool(r, 0.6) {
		p.Theme = drawItem(r, themes)
	}
	if drawBool(r, 0.5) {
		on := drawBool(r, 0.6)
		p.EmailNotifications = &on
	}
	if drawBool(r, 0.4) {
		p.PlaybackSpeed = drawItem(r, speeds)
	}
	text, _ := json.Marshal(p)
	return string(text)
}

// drawLastLogin returns a time shortly before a user's last activity. Half of the users without activity
// never signed in.
func (ds *dataset) drawLastLogin(r *rand.Rand, user int) int64 {
	var last int64
	for _, e := range ds.makeHistory(user) {
		last = max(last, e.enrolledAt, e.accessedAt, e.reviewedAt)
	}
	if last == 0 && drawBool(r, 0.5) {
		return 0
	}
	return max(ds.joinedAt[user], last-r.Int64N(20*minute))
}

func drawName(r *rand.Rand) (given, family string) {
	from := drawItem(r, namesByRegion)
	given = drawItem(r, from.given)
	if drawBool(r, 0.1) { // people migrate
		from = drawItem(r, namesByRegion)
	}
	return given, drawItem(r, from.family)
}

// makeEmail returns an email of the Latin letters of the name and the id, which makes it unique.
func makeEmail(given, family string, user int) string {
	name := strings.Trim(slugify(given)+"."+slugify(family), ".")
	if name == "" {
		name = "learner"
	}
	host := [...]string{"mail.example", "post.example", "inbox.example", "campus.example"}[user%4]
	return fmt.Sprintf("%s.%d@%s", name, user+1, host)
}

var diacriticReplacer = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ă", "a", "ą", "a", "ā", "a", "æ", "ae", "ấ", "a", "ạ", "a",
	"ć", "c", "č", "c", "ç", "c", "đ", "d", "ð", "d", "é", "e", "è", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ė", "e", "ế", "e", "ễ", "e",
	"ğ", "g", "í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i", "ị", "i", "ł", "l", "ñ", "n", "ń", "n", "ň", "n", "ó", "o", "ò", "o", "ô", "o",
	"ö", "o", "õ", "o", "ø", "o", "ő", "o", "ř", "r", "ś", "s", "š", "s", "ş", "s", "ș", "s", "ß", "ss", "ť", "t", "ț", "t", "ú", "u",
	"ù", "u", "û", "u", "ü", "u", "ů", "u", "ű", "u", "ư", "u", "ý", "y", "ź", "z", "ż", "z", "ž", "z", "þ", "th",
)

// slugify converts a text to lower case and retains its digits and letters a to z, without diacritics. A
// sequence of other characters becomes one hyphen.
func slugify(text string) string {
	var b strings.Builder
	gap := false
	for _, c := range diacriticReplacer.Replace(strings.ToLower(text)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(c)
			gap = false
		case c != '\'' && c != '’':
			gap = true
		}
	}
	return b.String()
}
