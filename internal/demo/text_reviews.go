package demo

type reviewTexts struct{ openings, details, closings []string }

// reviewTextsByRating holds the sentences of reviews by rating, from 1; {lesson} comes from the topic.
var reviewTextsByRating = [5]reviewTexts{
	{
		openings: []string{
			"Not what I expected from a course on {topic}.", "I asked for my money back after the third lesson.", "Sadly a waste of an evening.",
			"Disorganised from start to finish.", "I really wanted to like this one.", "The description promises far more than the videos deliver.",
		},
		details: []string{
			"The part on {lesson} is read from slides, and badly.", "{lesson} is explained wrongly, and the comments have said so for months.",
			"The sound is so low that I gave up during {lesson}.", "There is hardly anything about {lesson}, which is why I came.",
			"Half of the exercises have no solutions.", "The examples are years out of date.",
		},
		closings: []string{
			"Look elsewhere.", "I cannot recommend it.", "There are better free videos on {topic}.", "One star for the nice thumbnail.",
		},
	},
	{
		openings: []string{
			"Some good moments, but too few.", "The instructor knows {topic} but cannot pace a lesson.", "Below what I am used to on this platform.",
			"Started well and then lost me.", "Two stars because the first videos are decent.", "Needs a thorough update.",
		},
		details: []string{
			"After {lesson} it jumps ahead without warning.", "I had to look up most of {lesson} by myself.",
			"The quiz on {lesson} tests things that were never taught.", "Too much talking, too little doing, especially in {lesson}.",
			"The notes do not match the videos.", "The level is not what it says it is.",
		},
		closings: []string{
			"Maybe the next version will be better.", "Wait for a sale.", "I finished it only because I had paid for it.", "Fine as background, not as a course.",
		},
	},
	{
		openings: []string{
			"Solid but unremarkable.", "A decent overview of {topic}.", "Good content, uneven delivery.", "It does the job.",
			"I learned a few things, though fewer than I had hoped.", "Somewhere between good and average.", "Mixed feelings about this one.",
		},
		details: []string{
			"{lesson} was clear; the rest could use more examples.", "I liked {lesson}, but the project at the end felt rushed.",
			"Some videos repeat what was said before.", "The chapter about {lesson} deserves twice the time.",
			"The exercises are fine, the solutions a bit terse.", "Playing it at 1.5 speed helped.",
		},
		closings: []string{
			"Worth it at a discount.", "Good enough as a first contact with {topic}.", "Three stars, with room to grow.", "I would try another course by the same instructor.",
		},
	},
	{
		openings: []string{
			"Very good course.", "A well-structured way into {topic}.", "Clear, friendly and to the point.", "I enjoyed this more than I thought I would.",
			"Really useful, with small flaws.", "One of the better courses on {topic}.", "Good pace and good examples.", "Just what I needed for work.",
		},
		details: []string{
			"{lesson} alone was worth the price.", "The explanation of {lesson} finally made it click.", "I would have liked a little more on {lesson}.",
			"The exercises after {lesson} are challenging in a good way.", "The project ties everything together nicely.",
			"A few videos could be shorter, but nothing is superfluous.", "The instructor answers questions quickly.",
		},
		closings: []string{
			"Recommended.", "I have already used it at work.", "Looking forward to a sequel.", "Four stars only because the sound varies.", "I will come back to the notes.",
		},
	},
	{
		openings: []string{
			"Excellent!", "The best course on {topic} I have taken.", "I wish I had found this years ago.", "Wonderful teaching.", "Everything about this course is carefully made.",
			"Finally somebody who can explain {topic}.", "Superb from the first lesson to the last.", "Five stars without hesitation.", "I could not stop watching.",
			"This is how {topic} should be taught.",
		},
		details: []string{
			"{lesson} is a small masterpiece.", "I had struggled with {lesson} for ages and now it seems obvious.", "The lesson on {lesson} changed the way I work.",
			"The exercises build on each other so well that you hardly notice how far you have come.", "The instructor's patience in {lesson} is remarkable.",
			"I especially liked how {lesson} is introduced through a real problem.", "The final project is now in my portfolio.",
			"Every question I had about {lesson} was answered a minute later.",
		},
		closings: []string{
			"Highly recommended.", "Thank you so much!", "I have told all my colleagues about it.", "Worth every cent.", "More of this, please.",
			"I am already enrolled in the next one.", "Take it; you will not regret it.",
		},
	},
}

// circumstances fit any rating.
var circumstances = []string{
	"I took it in the evenings over about a month.", "I came with some experience.", "I was a complete beginner in {topic}.",
	"We watched it together in our team.", "I mostly listened on the train.", "English is not my first language, and the subtitles helped.",
	"I had read two books on {topic} before.", "I needed it for an exam.", "My manager suggested it.", "I am retired and learn for fun.",
	"I am in the second year of my studies.", "It was my third course here.",
}

// The replies of instructors, to reviews of four or five stars and to the others.
var (
	praiseReplies = []string{
		"Thank you! I am glad that the course helped.", "Thanks for taking the time to write this.", "You made my day. See you in the next course!",
		"Thank you. A sequel is on its way.", "Happy to hear that. Keep practising!",
	}
	complaintReplies = []string{
		"Thank you for the honest words. I am recording that part again.", "I am sorry that it did not work for you. Which lesson lost you?",
		"You are right about the sound; new versions of those videos are online now.", "Thanks. I have added solutions to all exercises.",
		"Point taken: the description now says what the course leaves out.",
	}
)
