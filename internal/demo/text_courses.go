package demo

// titles are patterns by difficulty; {arc} and {lesson} come from the topic.
var titles = [3][]string{
	{
		"{topic} for Beginners", "{topic} from Scratch", "{topic} Fundamentals", "{topic} Essentials", "A Gentle Introduction to {topic}",
		"{topic}: {arc}", "Getting Started with {topic}: {arc}", "{topic} for Beginners: {lesson}", "{topic} Step by Step: {lesson}",
		"{topic} Made Clear: {lesson}", "First Steps in {topic}: {lesson}", "{topic} Basics: {lesson}", "{topic} in Plain Words: {lesson}",
	},
	{
		"Practical {topic}: {arc}", "{topic} in Practice", "The Complete {topic} Course", "Hands-On {topic}: {arc}", "{topic} Workshop: {lesson}",
		"Practical {topic}: {lesson}", "Hands-On {topic}: {lesson}", "{topic} in Practice: {lesson}", "Everyday {topic}: {lesson}",
		"Working with {topic}: {lesson}", "{topic} Bootcamp", "{topic} Toolbox: {lesson}", "Confident {topic}: {lesson}",
	},
	{
		"Advanced {topic}: {arc}", "Mastering {topic}", "{topic} Masterclass", "{topic} in Depth", "Mastering {topic}: {lesson}",
		"Advanced {topic}: {lesson}", "{topic} Masterclass: {lesson}", "{topic} in Depth: {lesson}", "Beyond the Basics of {topic}: {lesson}",
		"Expert {topic}: {lesson}", "{topic} Case Studies: {lesson}", "{topic} for Professionals: {lesson}",
	},
}

// A description has one sentence of each of these four kinds. {a} to {d} are lessons.
var openings = []string{
	"{topic} rewards those who learn it in the right order, and this {level} course was built around that order.",
	"Most people pick up {topic} in fragments; this {level} course puts the pieces together and shows why they fit.",
	"A clear, unhurried {level} course in {topic}, made by someone who has taught it in classrooms for many years.",
	"If {topic} has always seemed harder than it should be, this {level} course is a good place to begin again.",
	"This {level} course treats {topic} as a craft: a few ideas understood well, practised until they become habits.",
	"Everything in this {level} course on {topic} was tried with hundreds of students before it was recorded.",
	"You will learn {topic} the way it is used at work, at a {level} level and without shortcuts that hurt later.",
	"Short lessons, honest examples and steady practice: a {level} path through {topic} that respects your time.",
	"What separates people who know {topic} from people who can use it? This {level} course is about that difference.",
	"From the first minute this {level} course has you doing {topic}, not watching somebody else do it.",
}

var contents = []string{
	"We begin with {a}, continue through {b} and {c}, and finish with {d}, each explained with examples you can repeat at once.",
	"The core of the course covers {a}, {b} and {c}; the last part turns to {d}, where most learners get stuck on their own.",
	"Along the way you meet {a}, {b}, {c} and {d}, always with a reason before a rule and an exercise after it.",
	"Lessons on {a} and {b} lay the ground, so that {c} and {d} feel like natural next steps rather than leaps.",
	"You will spend most of the time on {a} and {b}, see how {c} changes the picture, and learn when {d} is worth the effort.",
	"Expect a careful look at {a}, plenty of practice with {b}, and a fresh view of {c} and {d} that textbooks tend to skip.",
	"It pays special attention to {a} and {c}, connects them with {b}, and closes with a complete worked example of {d}.",
	"Topics include {a}, {b}, {c} and {d}, with the common mistakes shown on purpose so that you recognise them in your own work.",
}

var methods = []string{
	"Every video comes with a worksheet and a short quiz, and no lesson is longer than a coffee break.",
	"Exercises grow in small steps; solutions are discussed in detail, including the ones that almost work.",
	"There is no filler: each lesson answers one question, shows it on a real case and leaves you with a task.",
	"A running project ties the lessons together, and you keep it at the end as something to show.",
	"Downloadable notes accompany each part, so you can revise in minutes before you need the skill.",
	"The instructor answers questions weekly, and updates the material whenever the field moves on.",
	"You can follow with free tools only, on any ordinary computer or with what you already have at home.",
	"Checklists at the end of each section help you decide whether to move on or to practise a little more.",
}

var outcomes = []string{
	"By the end you will be able to work on your own with confidence and know where to look when something is new.",
	"When you finish, you will have a completed project, a set of reliable habits and a clear idea of what to learn next.",
	"It suits career changers, students and anyone who wants to stop guessing and start understanding.",
	"No prior knowledge beyond the stated level is assumed, only curiosity and about three hours a week.",
	"Graduates of the course tell us that the final project was what convinced their employers, clients or friends.",
	"Afterwards you can read advanced material without fear, because you will know the ideas behind the words.",
	"Take it at your own pace; most people complete it in four to six weeks alongside a full-time job.",
}

// learningOutcomes are lines about a lesson; {topic} is the topic of the course.
var learningOutcomes = []string{
	"Explain {lesson} in your own words, with an example", "Use {lesson} with confidence in your own work",
	"Recognise the common mistakes with {lesson}, and avoid them", "Decide when {lesson} is the right choice",
	"Practise {lesson} step by step until it is a habit", "Combine {lesson} with what you know of {topic}",
	"Plan a small project around {lesson}", "Judge the work of others in {lesson}", "Find your way from {lesson} to the harder parts of {topic}",
}

// priorKnowledge are the requirements of each difficulty.
var priorKnowledge = [3][]string{
	{"No prior knowledge of {topic} is required", "No experience with {topic} is needed: the course begins at the beginning"},
	{"The basics of {topic}, for example from a beginner course", "Some first steps with {topic} of your own"},
	{"Practical experience with {topic}", "A year or more of regular work with {topic}"},
}

var requirements = []string{
	"About three hours a week", "A notebook, on paper or on a screen", "An ordinary computer or tablet with an internet connection",
	"Patience for exercises that do not work at once", "English at the level of a newspaper",
}
