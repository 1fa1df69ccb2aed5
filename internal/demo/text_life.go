package demo

var lifeCategories = []categoryText{
	{"Languages", "languages", "language-learning, conversation", `
Spanish | Greetings to Storytelling | spanish, vocabulary, grammar, speaking | Greetings; Ser and Estar; Numbers and Time; Food and Restaurants; The Present Tense; Past Tenses; Travel; Family and Friends; The Subjunctive; Telling Stories
French | Bonjour to Debate | french, pronunciation, grammar, speaking | Sounds and Spelling; Introductions; Articles and Gender; At the Café; The Present Tense; The Passé Composé; Directions; Pronouns; Opinions; A Day in Lyon
German | Articles to Subordinate Clauses | german, grammar, cases, speaking | Alphabet and Sounds; Introducing Yourself; Articles; Word Order; The Accusative; The Dative; Modal Verbs; The Perfect Tense; Subordinate Clauses; At Work
Japanese | Kana to Conversation | japanese, kanji, hiragana, culture | Hiragana; Katakana; Particles; Numbers and Counters; Verb Forms; Adjectives; Everyday Kanji; Politeness; Shopping; Talking About Plans
Mandarin Chinese | Tones to Text Messages | mandarin, chinese, tones, characters | Tones; Pinyin; First Characters; Measure Words; Asking Questions; Time and Dates; Food; Getting Around; Result Complements; Text Messages
English for Work | Emails to Meetings | english, business-english, writing, meetings | Clear Emails; Small Talk; Meetings; Presentations; Telephone Calls; Negotiating Politely; Reports; Interviews; Idioms; Cross-Cultural Style
Italian | Alphabet to Opera | italian, grammar, culture, speaking | Pronunciation; Greetings; Nouns and Articles; Present Tense; At the Market; Past Tenses; Prepositions; Family; Cinema and Opera; Planning a Trip
Korean | Hangul to Honorifics | korean, hangul, grammar, culture | Hangul; Basic Sentences; Particles; Numbers; Verb Endings; Honorifics; Food; Past and Future; Drama Dialogues; Making Friends
Portuguese | Sounds to Saudade | portuguese, brazil, grammar, speaking | Nasal Sounds; Greetings; Ser, Estar and Ficar; Daily Life; Regular Verbs; Past Tenses; Food and Music; Travel; The Personal Infinitive; Conversations in Lisbon
Arabic | Script to Small Talk | arabic, script, grammar, dialects | The Script; Sounds; Roots and Patterns; Greetings; Nominal Sentences; Verbs; Numbers; Family; Dialects; Reading the News`},
	{"Music", "music", "music, practice", `
Guitar | First Chords to Fingerstyle | guitar, chords, acoustic, songs | Tuning; Open Chords; Strumming; Rhythm; Barre Chords; Scales; Fingerstyle; Reading Tablature; Playing by Ear; Performing a Song
Piano | Middle C to Sonatina | piano, keyboard, reading-music, technique | Posture; Middle C; Reading Notes; Hands Together; Scales; Chords; Pedalling; Dynamics; Sight Reading; A First Sonatina
Music Theory | Intervals to Counterpoint | theory, harmony, ear-training, composition | Notes and Rhythm; Scales; Intervals; Triads; Key Signatures; Cadences; Seventh Chords; Modulation; Form; Counterpoint
Music Production | Loop to Master | production, ableton, mixing, electronic | Your Workspace; Beats; Bass Lines; Sound Design; Arrangement; Recording; Equalisation; Compression; Reverb and Space; Mastering
Singing | Breath to Stage | singing, voice, breathing, performance | Breath; Posture; Warm-Ups; Pitch; Resonance; Registers; Diction; Harmonies; Microphone Technique; Stage Presence
Songwriting | Hook to Finished Song | songwriting, lyrics, melody, creativity | Finding Ideas; Titles; Verses and Choruses; Rhyme; Melody; Chord Progressions; Bridges; Rewriting; Co-Writing; Demos
Drums | First Beat to Polyrhythm | drums, rhythm, groove, percussion | Grip and Posture; First Beats; Rudiments; Fills; Hi-Hat Work; Grooves by Style; Playing with a Click; Odd Metres; Polyrhythms; Playing in a Band
Violin | Bow Hold to Vibrato | violin, strings, bowing, technique | Holding the Violin; Bow Hold; Open Strings; First Position; Intonation; Bowings; Scales; Shifting; Vibrato; Playing Together
Jazz Improvisation | Blues to Changes | jazz, improvisation, blues, harmony | Swing Feel; The Blues; Guide Tones; Modes; Two-Five-One; Approach Notes; Motifs; Transcribing; Standards; Trading Fours
Film Scoring | Spotting to Session | film-music, composition, orchestration, midi | Watching with Composers' Ears; Spotting; Themes; Tempo and Timing; Orchestration; MIDI Mock-ups; Tension; Dialogue; Delivery; A Short Film Score`},
	{"Photography and Video", "photography-and-video", "photography, creativity", `
Portrait Photography | Natural Light to Studio | portrait, lighting, posing, camera | Lenses for Faces; Natural Light; Reflectors; Posing; Directing People; One-Light Setups; Studio Portraits; Groups; Retouching; Building Trust
Landscape Photography | Scouting to Print | landscape, nature, composition, travel | Scouting; Weather; Composition; Filters; Long Exposures; Focus Stacking; Golden Hour; Night Skies; Editing; Fine Prints
Lightroom | Import to Export | lightroom, editing, raw, workflow | Importing; Organising; Basic Panel; Tone Curves; Colour Grading; Masks; Noise and Sharpness; Presets; Batch Editing; Exporting
Video Editing | Rough Cut to Delivery | editing, premiere, davinci, video | Organising Footage; The Rough Cut; Rhythm; Sound; Titles; Transitions; Colour Correction; Multi-Camera; Effects; Delivery
Filmmaking | Script to Screen | film, directing, cinematography, storytelling | Story; Screenplay; Shot Lists; Casting; Camera; Lighting; Sound on Set; Directing; Editing; Festivals
Street Photography | Courage to Composition | street, documentary, composition, travel | Seeing; Courage; Light and Shadow; Gestures; Layers; Zone Focusing; Ethics and Law; Projects; Editing a Series; Making a Zine
Photoshop | Layers to Composites | photoshop, retouching, compositing, adobe | Layers; Selections; Masks; Adjustment Layers; Retouching; Frequency Separation; Compositing; Text; Smart Objects; Actions
Food Photography | Styling to Menu | food, styling, lighting, product | Planning; Props; Styling; Window Light; Artificial Light; Angles; Motion; Editing; Working with Restaurants; Selling Pictures
Drone Videography | First Flight to Showreel | drone, aerial, video, cinematography | Rules and Safety; First Flight; Camera Settings; Basic Moves; Orbits and Reveals; Planning Shots; Weather; Editing Aerials; Colour; A Showreel
Motion Graphics | Keyframes to Titles | after-effects, animation, titles, motion | Keyframes; Easing; Shape Layers; Text Animation; Masks and Mattes; Expressions; Cameras; Sound; Templates; A Title Sequence`},
	{"Health and Fitness", "health-and-fitness", "health, wellbeing", `
Yoga | Breath to Balance | yoga, flexibility, breathing, mindfulness | Breath; Standing Poses; Sun Salutations; Forward Folds; Backbends; Twists; Balances; Inversions; Restorative Practice; A Home Practice
Strength Training | Bodyweight to Barbell | strength, gym, barbell, training | Movement Screen; Squats; Hinges; Presses; Pulls; Programming; Progression; Mobility; Recovery; Plateaus
Nutrition | Nutrients to Meal Plans | nutrition, food, diet, health | Energy; Protein; Carbohydrates; Fats; Vitamins and Minerals; Reading Labels; Meal Planning; Eating for Sport; Myths; Lasting Habits
Running | Couch to Marathon | running, endurance, marathon, training | Shoes and Gear; Technique; First Five Kilometres; Building Endurance; Intervals; Strength for Runners; Injuries; Fuelling; Tapering; Race Day
Meditation | First Breath to Daily Habit | meditation, mindfulness, stress, focus | Why Sit; Breath Awareness; Body Scan; Wandering Mind; Sounds and Thoughts; Loving Kindness; Walking; Difficult Emotions; Short Practices; Making It a Habit
Sleep Science | Rhythms to Rest | sleep, health, habits, science | Why We Sleep; Body Clocks; Sleep Stages; Light; Caffeine and Alcohol; Bedrooms; Insomnia; Shift Work; Dreams; A Two-Week Reset
Pilates | Core to Full Sequence | pilates, core, posture, mobility | Neutral Spine; Breathing; The Core; Leg Work; Arm Work; Rolling; Side Series; Bridges; Small Equipment; A Full Sequence
First Aid | Assessment to Recovery | first-aid, safety, emergency, health | Scene Safety; The Primary Survey; Resuscitation; Choking; Bleeding; Burns; Fractures; Allergic Reactions; Heat and Cold; First-Aid Kits
Stress Management | Triggers to Resilience | stress, resilience, psychology, work | What Stress Is; Triggers; Breathing Techniques; Time Boundaries; Thinking Traps; Movement; Social Support; Recovery at Work; Saying No; A Resilience Plan
Mobility Training | Stiff to Supple | mobility, stretching, joints, recovery | Joint Basics; Ankles; Hips; Spine; Shoulders; Wrists; Active Flexibility; Loaded Stretching; Desk Breaks; A Weekly Routine`},
	{"Cooking and Crafts", "cooking-and-crafts", "cooking, handmade", `
Bread Baking | Flour to Sourdough | bread, baking, sourdough, fermentation | Flour and Water; Kneading; First Loaf; Fermentation; Shaping; Scoring; Sourdough Starters; Whole Grains; Enriched Doughs; Troubleshooting
Italian Cooking | Pantry to Pasta | italian-food, pasta, cooking, recipes | The Pantry; Tomato Sauces; Fresh Pasta; Risotto; Soups; Vegetables; Fish; Braises; Pizza at Home; Desserts
Knife Skills and Kitchen Basics | Chopping to Plating | knife-skills, beginners, kitchen, technique | Choosing Knives; Holding and Cutting; Vegetables; Stocks; Eggs; Roasting; Frying; Sauces; Seasoning; Plating
Vegetarian Cooking | Market to Table | vegetarian, vegetables, cooking, healthy | Shopping by Season; Beans and Lentils; Whole Grains; Roasting Vegetables; Curries; Tofu; Salads That Satisfy; Pickles; Weeknight Dinners; A Feast
Pastry | Butter to Éclairs | pastry, baking, desserts, chocolate | Measuring; Shortcrust; Choux; Puff Pastry; Custards; Sponges; Meringue; Chocolate; Tarts; Plated Desserts
Watercolour Painting | Washes to Landscapes | watercolour, painting, art, landscape | Paper and Pigments; Flat Washes; Wet in Wet; Glazing; Colour Mixing; Skies; Trees; Water; Buildings; A Finished Landscape
Pottery | Clay to Glaze | pottery, ceramics, clay, glazing | Clay; Pinching; Coils; Slabs; Centring; Throwing a Bowl; Trimming; Handles; Glazing; Firing
Knitting | Cast On to Cardigan | knitting, yarn, patterns, handmade | Casting On; Knit and Purl; Reading Patterns; Increases; Decreases; Cables; Colourwork; Socks; Finishing; A Cardigan
Woodworking | Bench to Bookcase | woodworking, furniture, joinery, tools | Wood; Measuring; Saws; Planes; Chisels; Joints; Glue and Clamps; Sanding; Finishes; A Bookcase
Gardening | Soil to Harvest | gardening, plants, vegetables, soil | Soil; Compost; Sowing; Planting; Watering; Pests; Pruning; Containers; Harvesting; The Garden Year`},
}

// The profiles of instructors.
var (
	headlines = []string{
		"Engineer and teacher", "Lecturer, author and builder of small tools", "Practitioner for fifteen years", "Head of learning at a software company",
		"Freelance consultant", "Researcher who likes plain explanations", "Team lead, mentor and speaker",
	}
	biographies = []string{
		"I have taught for ten years, in lecture halls, in companies and here. My courses begin with a problem and end with something that works.",
		"After a decade in industry I began to write down the explanations that I had missed myself. Each course is one of those notebooks.",
		"I work three days a week and teach two. Questions are answered within a day, and every course is revised once a year.",
		"I came to this field late, which helps: I remember what was hard. Short lessons, many exercises, no filler.",
	}
)
