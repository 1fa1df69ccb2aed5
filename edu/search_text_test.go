package edu_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/7p-education/api/edu"
)

func TestSearchText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "",
		"  Two\u00a0 words\t":                 "two words",
		"Node.js / React-Native: UI/UX_kit":   "node js react native ui ux kit",
		"Trading - Fundamentals":              "trading fundamentals",
		"C++, C# and F#; not a#b or x+++":     "cplusplus csharp and fsharp not a b or xplusplus",
		"C++11 for C#8 abc++ C♯":              "cplusplus 11 for csharp 8 abc csharp",
		"ASP.NET, .NET Core, .NET6, .network": "asp dotnet net dotnet net core dotnet net 6 network",
		"COVID-19 (3.11) it's":                "covid 19 3 11 it s",
		"Música, Estadística ÉCOLE Ångström":  "musica estadistica ecole angstrom",
		"Straße ŁÓDŹ Øre Þing ŒUVRE Ærø":      "strasse lodz ore thing oeuvre aero",
		"ΑΘΉΝΑ Αθήνας":                        "αθηνα αθηνασ",
		"ПРИВЕТ, Ёлка — Ґанок":                "привет елка ґанок",
		"ＦＵＬＬ ﬁne ½ ™ №5":                     "full fine 1 2 tm no5",
		"株式投資 入門Python本":                      "株式 式投 投資 入門 python 本",
		"データ・サイエンス":                           "デー ータ サイ イエ エン ンス",
		"한국어":                                 "한국 국어",
		"soft\u00adhyphen zero\u200bwidth":    "softhyphen zerowidth",
		"🎨 !!! ???":                           "",
	} {
		for _, form := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
			if got := edu.SearchText(form.String(text)); got != want {
				t.Errorf("SearchText(%+q) = %q, want %q", form.String(text), got, want)
			}
		}
		if got := edu.SearchText(want); got != want && text != "株式投資 入門Python本" && text != "データ・サイエンス" && text != "한국어" {
			t.Errorf("SearchText(%q) = %q, want the same", want, got)
		}
	}
}
