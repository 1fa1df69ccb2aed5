package catalogue

// topics are the subjects of the courses, each with two of its parts.
var topics = [][3]string{
	{"Python", "Decorators", "Data Classes"},
	{"JavaScript", "Promises", "Closures"},
	{"TypeScript", "Generics", "Utility Types"},
	{"Java", "Streams", "Concurrency"},
	{"C++", "Templates", "Smart Pointers"},
	{"C#", "LINQ", "Async Await"},
	{"C", "Pointers", "Memory Layout"},
	{"F#", "Type Providers", "Pipelines"},
	{"Go", "Goroutines", "Interfaces"},
	{"Rust", "Ownership", "Lifetimes"},
	{"Kotlin", "Coroutines", "Null Safety"},
	{"Swift", "Protocols", "SwiftUI"},
	{"PHP", "Composer", "Laravel"},
	{"Ruby", "Blocks", "Rails"},
	{"SQL", "Window Functions", "Joins"},
	{"PostgreSQL", "Indexes", "Replication"},
	{"MongoDB", "Aggregation", "Sharding"},
	{"GraphQL", "Schema Design", "Subscriptions"},
	{"React", "Hooks", "Redux"},
	{"React Native", "Navigation", "Expo"},
	{"Angular", "RxJS", "Signals"},
	{"Vue.js", "Composition API", "Pinia"},
	{"Node.js", "Express", "Event Loop"},
	{"Next.js", "App Router", "Server Components"},
	{"ASP.NET", "Razor Pages", "Minimal APIs"},
	{".NET Core", "Dependency Injection", "Entity Framework"},
	{"Django", "ORM", "REST APIs"},
	{"Spring Boot", "Security", "Microservices"},
	{"Docker", "Images", "Compose"},
	{"Kubernetes", "Operators", "Networking"},
	{"Terraform", "Modules", "State"},
	{"AWS", "Lambda", "S3"},
	{"Linux", "Shell Scripting", "Systemd"},
	{"Git", "Branching", "Rebase"},
	{"Machine Learning", "Regression", "Decision Trees"},
	{"Deep Learning", "Transformers", "Convolution"},
	{"Data Science", "Pandas", "Visualization"},
	{"Statistics", "Hypothesis Tests", "Bayes"},
	{"Excel", "Pivot Tables", "Macros"},
	{"Power BI", "DAX", "Reports"},
	{"UI/UX Design", "Wireframes", "Prototypes"},
	{"Figma", "Auto Layout", "Variants"},
	{"Photoshop", "Layers", "Retouching"},
	{"Blender", "Modelling", "Animation"},
	{"Unity", "Physics", "Shaders"},
	{"Cyber Security", "Threats", "Cryptography"},
	{"Ethical Hacking", "Reconnaissance", "Exploits"},
	{"Project Management", "Scheduling", "Risk"},
	{"Scrum", "Sprints", "Retrospectives"},
	{"Leadership", "Coaching", "Feedback"},
	{"Public Speaking", "Storytelling", "Confidence"},
	{"SEO", "Keywords", "Backlinks"},
	{"Digital Marketing", "Funnels", "Analytics"},
	{"Copywriting", "Headlines", "Landing Pages"},
	{"Photography", "Lighting", "Composition"},
	{"Video Editing", "Colour Grading", "Cuts"},
	{"Guitar", "Chords", "Fingerpicking"},
	{"Piano", "Scales", "Improvisation"},
	{"Watercolor", "Washes", "Landscapes"},
	{"Drawing", "Perspective", "Portraits"},
	{"Yoga", "Breathing", "Flexibility"},
	{"Nutrition", "Vitamins", "Meal Plans"},
	{"Spanish", "Verbs", "Conversation"},
	{"French", "Pronunciation", "Travel"},
	{"German", "Cases", "Everyday Life"},
	{"Japanese", "Kanji", "Hiragana"},
	{"English", "Grammar", "Business Letters"},
	{"Trading", "Candlesticks", "Risk Control"},
	{"Investing", "Stocks", "Dividends"},
	{"Accounting", "Balance Sheets", "Taxes"},
	{"E-commerce", "Shops", "Logistics"},
	{"Blockchain", "Smart Contracts", "Wallets"},
	{"COVID-19", "Contact Tracing", "Epidemiology"},
	{"First Aid", "CPR", "Bandages"},
	{"Psychology", "Memory", "Motivation"},
	{"Philosophy", "Ethics", "Logic"},
	{"Calculus", "Derivatives", "Integrals"},
	{"Linear Algebra", "Matrices", "Eigenvalues"},
	{"Physics", "Mechanics", "Optics"},
	{"Chemistry", "Reactions", "Bonds"},
	{"Astronomy", "Galaxies", "Telescopes"},
	{"World History", "Empires", "Revolutions"},
	{"Creative Writing", "Dialogue", "Plot"},
	{"Italian Cooking", "Pasta", "Risotto"},
	{"Bread Baking", "Sourdough", "Rye"},
	{"Gardening", "Compost", "Herbs"},
	{"Music Theory", "Harmony", "Rhythm"},
	{"IT Support", "Help Desk", "Hardware"},
	{"3D Printing", "Slicing", "Filaments"},
	{"Quality-Management", "ISO 9001", "Audits"},
	{"Time Management", "Priorities", "Calendars"},
}

// translated are names of topics in other languages.
var translated = map[string]map[string]string{
	"es": {
		"Machine Learning": "Aprendizaje automático", "Statistics": "Estadística", "English": "Inglés", "Photography": "Fotografía", "Music Theory": "Teoría de la música", "Cyber Security": "Ciberseguridad",
		"Drawing": "Dibujo artístico", "Accounting": "Contabilidad básica", "Psychology": "Psicología", "Nutrition": "Nutrición", "Philosophy": "Filosofía", "Calculus": "Cálculo", "Physics": "Física", "Chemistry": "Química",
		"Digital Marketing": "Mercadotecnia digital", "Data Science": "Ciencia de datos", "Leadership": "Liderazgo", "Public Speaking": "Oratoria", "Creative Writing": "Escritura creativa", "Gardening": "Jardinería",
	},
	"de": {
		"Machine Learning": "Maschinelles Lernen", "Statistics": "Statistik", "English": "Englisch für den Beruf", "Photography": "Fotografie", "Accounting": "Buchführung", "Project Management": "Projektführung",
		"Cyber Security": "IT-Sicherheit", "Bread Baking": "Brot backen für Größere", "Public Speaking": "Öffentliches Reden", "Physics": "Physik", "Leadership": "Führungskräfte-Training", "Drawing": "Zeichnen",
	},
	"fr": {
		"Machine Learning": "Apprentissage automatique", "Statistics": "Statistiques appliquées", "English": "Anglais", "Photography": "Photographie créative", "Accounting": "Comptabilité générale", "Italian Cooking": "Cuisine française",
		"Creative Writing": "L’écriture créative", "Public Speaking": "Prise de parole", "Drawing": "Dessin à l'encre", "Leadership": "Management d'équipe", "Nutrition": "Diététique", "Psychology": "Psychologie de l’éducation",
	},
	"ru": {
		"Machine Learning": "Машинное обучение", "Statistics": "Статистика", "English": "Английский язык", "Python": "Программирование на Python", "Photography": "Фотография", "Psychology": "Психология",
		"Accounting": "Бухгалтерский учёт", "Drawing": "Рисование", "Physics": "Физика", "Cyber Security": "Кибербезопасность", "Public Speaking": "Ораторское искусство", "Investing": "Инвестиции",
	},
	"ja": {
		"Machine Learning": "機械学習", "Statistics": "統計学", "English": "英会話", "Investing": "株式投資", "Photography": "写真撮影", "Data Science": "データサイエンス", "Drawing": "水彩画", "Deep Learning": "ディープラーニング", "Psychology": "心理学", "Accounting": "簿記",
	},
}

// templates are titles by language; {t} is the topic, {a} and {b} its parts, {o} another topic.
var templates = map[string][]string{
	"en": {
		"{t} for Beginners", "Introduction to {t}", "{t} - Fundamentals", "{t}: {a} in Practice", "The Complete {t} Course [2026]", "Advanced {t} ({b})", "{t} Bootcamp: From Zero to Hero", "Learn {t} by Building 10 Projects",
		"{t} Crash Course", "{t} Masterclass – {a}", "{t} & {o}: A Practical Guide", "Become a {t} Professional", "{t} in 30 Days", "{t} Interview Questions | 2026 Edition", "{t} 3.11 - What's New", "Hands-On {t} with {o}",
		"{t}  Essentials", "Mastering\u00a0{t} and {b}", "{a} and {b} in {t}", "{t} - {a} - {b}",
	},
	"es": {"Curso de {t} desde cero", "Introducción a {t}: teoría y práctica", "{t} - nivel básico", "Aprende {t} con ejercicios"},
	"de": {"{t} für Einsteiger", "{t} - Grundlagen und Übungen", "Einführung: {t} verständlich erklärt"},
	"fr": {"{t} pour débutants", "Maîtriser {t} : théorie et pratique", "{t} – niveau avancé"},
	"ru": {"{t} для начинающих", "{t}: полный курс"},
	"ja": {"{t}入門", "ゼロからの{t}講座"},
}

var languages = []string{"en", "es", "de", "fr", "ru", "ja"}

// sentences are the descriptions by language.
var sentences = map[string][]string{
	"en": {
		"This course covers {t} step by step, from {a} to {b}.", "You will practise {a} with real exercises and get feedback on your work.", "No prior knowledge is required; bring curiosity and a few hours a week.",
		"At the end you can use {t} in your own projects.", "Updated this year, with new material about {b} and a section on {o}.", "Includes quizzes, downloads and a certificate of completion.",
	},
	"es": {"Este curso explica {t} paso a paso, con ejercicios de {a}.", "Aprenderás a aplicar {t} en proyectos reales.", "No se necesitan conocimientos previos."},
	"de": {"Dieser Kurs erklärt {t} Schritt für Schritt, mit Übungen zu {a}.", "Danach können Sie {t} im Alltag anwenden.", "Vorkenntnisse sind nicht nötig."},
	"fr": {"Ce cours présente {t} pas à pas, avec des exercices sur {a}.", "Vous saurez utiliser {t} dans vos projets.", "Aucune connaissance préalable n'est nécessaire."},
	"ru": {"Этот курс шаг за шагом объясняет, что такое {t}.", "Много практики и домашних заданий.", "Предварительные знания не нужны."},
	"ja": {"この講座では{t}を基礎から学びます。", "演習を通じて実践力を身につけます。", "予備知識は必要ありません。"},
}

// anchors are titles that the judged queries select beside the generated ones, shaped like titles of
// real catalogues.
var anchors = []string{
	"Trading - Fundamentals", "Value Investing - A Checklist", "Excel - From Beginner to Advanced [Updated]", "The Art of War - Strategy for Managers", "SAP - Overview (Part 1)", "A/B Testing: Theory", "24/7 Operations",
	"CI/CD with GitLab", "TCP/IP Deep Dive", "Covid-19: Reopening Schools", "E-mail Etiquette", "Wi-Fi Security", "T-SQL Tuning", "Scikit-learn Recipes", "D3.js Dashboards", "Three.js Scenes", "Socket.io Chat", "OAuth 2.0 Explained",
	"HTML5 & CSS3", "Web 3.0 Basics", "Objective-C Archaeology", "C++20 Modules", "VB.NET Legacy Code", "Notepad++ Tips", "IT for Executives", "The Who: A Band and Its Time", "To Be or Not to Be: Hamlet", "What Is It About?", "How to Do Nothing",
	"Introducción a la música clásica", "Pão de queijo e outras receitas", "Crème brûlée & pâtisserie", "Smörgåsbord: Nordic Cooking", "Łódź: Architektura miasta", "Straßenfotografie in Köln", "Ångström and Other Units", "Ελληνικά για αρχάριους",
	"株式投資入門", "日本語の文法", "中国书法基础", "한국어 회화", "Китайская каллиграфия", "Ёлка: новогодние традиции", "Naïve Bayes from Scratch", "Café Management", "Résumé Writing", "Fiancé Visa Basics", "Jalapeño Growing",
	"Grasshopper for Architects", "Kubernetes the Hard Road", "Bioinformatics Algorithms", "Reinforcement Learning: Bandits", "Natural Language Processing", "Computer Vision with OpenCV", "Quantum Computing for Poets", "Beekeeping in the City",
	"Python - Machine Learning from Scratch", "Knitting Socks", "Chess Endgames", "Origami Dinosaurs", "Sailing Knots", "Fermentation at Home", "Urban Sketching", "Wildlife Photography", "Screenwriting a Thriller", "Podcast Production", "Voice Acting", "Speed Reading", "Critical Thinking",
	"Negotiation Skills", "Emotional Intelligence", "Mindfulness Meditation", "Personal Finance", "Cryptocurrency Taxes", "Real Estate Law", "Supply Chain Analytics", "Lean Six Sigma [Green Belt]", "PRINCE2 (Foundation)", "ITIL 4 - Foundation", "CompTIA A+ Certification",
	"Ａｎｇｕｌａｒ ２ Ｗｏｒｋｓｈｏｐ", "Cafe\u0301 Latte Art", "  Framed   Title  ", "Soft\u00adware Testing", "Pythn for Absolute Beginners", "Javascipt Tricks",
}

// instructors are names of our own making. The first teaches the anchors in turn with the others.
var instructors = []string{
	"Marta Lindqvist", "José Álvarez", "Andrea Ngata", "Søren Kjærgård", "Yuki Tanabe", "Olga Petrenko", "Łukasz Wójcik", "Zoë O'Malley", "Jean-Luc Fournier", "Ayşe Yıldız", "Ng Wei Ming", "Chinwe Okafor", "Renée Dubois", "Björn Ärlig",
	"Priya Raghunathan", "Tomás Ibáñez", "Hannah Weißmüller", "Иван Соколов", "Grace Abernathy", "Dmitri Volkonsky", "Lucía Fernández-Peña", "Kwame Boateng", "Ingrid Nørgaard", "Mateusz Żuraw", "Siobhán Kelleher", "Noémie Lacroix",
	"Rafael Guimarães", "Thandiwe Mokoena", "Anders Håkansson", "Beatriz Conceição", "Emre Çelik", "Fionnuala Byrne", "Gustav Öberg", "Hiroshi Watanuki", "Isolde Krämer", "Jamal Haddad", "Katarína Nováková", "Leilani Kahale", "Milo Vukašinović", "Nadia Benhaddou",
}
