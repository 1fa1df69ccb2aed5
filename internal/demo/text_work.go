package demo

var workCategories = []categoryText{
	{"Design", "design", "design, creativity", `
Figma | Frames to Design Systems | figma, ui, prototyping, design-systems | Frames and Layers; Auto Layout; Components; Variants; Styles and Variables; Prototypes; Handing Over; Plug-ins; Design Systems; Working with Developers
User Experience Research | Questions to Insights | ux, research, interviews, usability | Framing Questions; Recruiting; Interviews; Field Studies; Usability Tests; Surveys; Card Sorting; Synthesis; Personas That Work; Presenting Findings
Typography | Letters to Layouts | typography, fonts, layout, print | Anatomy of Letters; Choosing Typefaces; Pairing; Spacing; Hierarchy; Grids; Long Texts; Type on Screens; Variable Fonts; Lettering Exercises
Graphic Design | Composition to Portfolio | graphic-design, composition, branding, adobe | Seeing Like a Designer; Composition; Colour; Type Basics; Grids; Images; Posters; Brochures; Preparing for Print; Portfolio
Logo and Brand Identity | Brief to Guidelines | branding, logo, identity, strategy | The Brief; Research; Sketching; Marks and Words; Colour Systems; Brand Voice; Mock-ups; Presenting; Guidelines; Rebranding
Interaction Design | Flows to Feedback | interaction-design, ux, prototyping, ui | Goals and Tasks; User Flows; Affordances; Feedback; Error States; Microinteractions; Forms; Navigation; Prototyping; Evaluation
Colour Theory | Wheel to Palette | colour, palette, art, design | Light and Pigment; The Colour Wheel; Value; Saturation; Harmony; Contrast; Culture and Meaning; Palettes; Colour in Interfaces; Colour in Print
Blender | Cube to Rendered Scene | blender, 3d, modelling, animation | The Interface; Modelling; Modifiers; Materials; Texturing; Lighting; Cameras; Rigging; Animation; Rendering
Illustration | Line to Finished Piece | illustration, drawing, procreate, digital-art | Line; Shape; Values; Perspective; Characters; Environments; Digital Brushes; Editorial Work; Style; Working with Clients
Service Design | Journeys to Blueprints | service-design, journey-mapping, workshops, strategy | What Is a Service; Stakeholders; Journey Maps; Service Blueprints; Co-Creation; Prototyping Services; Measuring; Public Services; Facilitation; Change`},
	{"Business and Management", "business-and-management", "business, leadership", `
Project Management | Kick-Off to Retrospective | project-management, planning, teams, delivery | The Charter; Stakeholders; Scope; Estimating; Scheduling; Risk; Communication; Change Control; Status Reports; Closing a Project
Agile Product Management | Vision to Roadmap | product, agile, roadmap, discovery | Product Vision; Discovery; Opportunity Trees; Prioritising; Roadmaps; User Stories; Working with Engineers; Metrics; Launches; Saying No
Negotiation | Preparation to Agreement | negotiation, communication, sales, influence | Preparation; Interests and Positions; Anchors; Questions; Listening; Concessions; Difficult People; Team Negotiations; Cross-Cultural Talks; Closing
Leadership | First Team to Senior Role | leadership, management, coaching, teams | From Peer to Lead; One-to-Ones; Delegation; Feedback; Hiring; Motivation; Conflict; Decisions; Leading Change; Leading Leaders
Public Speaking | Stage Fright to Standing Ovation | public-speaking, presentation, communication, confidence | Calming Nerves; Knowing Your Audience; Structure; Stories; Voice; Body Language; Slides; Questions from the Floor; Remote Talks; Rehearsing
Entrepreneurship | Idea to First Customers | startup, entrepreneurship, business-model, pitching | Finding Problems; Talking to Customers; Business Models; Prototypes; Pricing; First Customers; Founding Teams; Funding; Pitching; Legal Basics
Strategic Thinking | Analysis to Choice | strategy, planning, analysis, competition | What Strategy Is; Industry Analysis; Advantage; Choosing Markets; Scenarios; Platforms; Strategy Maps; Execution; Measuring Strategy; Case Clinic
People Operations | Hiring to Growth | hr, hiring, culture, people | Workforce Planning; Job Descriptions; Structured Interviews; Onboarding; Performance; Pay; Learning; Inclusion; Difficult Conversations; People Analytics
Supply Chain Management | Forecast to Delivery | supply-chain, logistics, operations, inventory | Demand Planning; Sourcing; Inventory; Warehousing; Transport; Lean; Risk; Sustainability; Digital Tools; The Bullwhip Game
Remote Work | Setup to Culture | remote, productivity, teams, communication | Workspace; Writing First; Meetings That Matter; Time Zones; Trust; Tools; Onboarding from Afar; Focus; Burnout; Remote Culture`},
	{"Marketing", "marketing", "marketing, growth", `
Search Engine Optimisation | Keywords to Rankings | seo, search, content, analytics | How Search Works; Keyword Research; On-Page Basics; Site Structure; Technical Audits; Content That Ranks; Links; Local Search; Measuring; Algorithm Updates
Content Marketing | Plan to Publication | content, writing, strategy, editorial | Audience; Editorial Strategy; Calendars; Headlines; Long-Form Articles; Newsletters; Repurposing; Distribution; Measuring; Working with Writers
Social Media Strategy | Channels to Community | social-media, community, video, brand | Choosing Channels; Voice; Short Video; Community Management; Paid Posts; Creators; Social Listening; Crisis; Analytics; A Ninety-Day Plan
Email Marketing | List to Lifecycle | email, automation, copywriting, crm | Building a List; Consent; Subject Lines; Copy; Design; Segments; Automation; Deliverability; Tests; Win-Back Campaigns
Copywriting | Blank Page to Click | copywriting, writing, persuasion, sales | Research; Headlines; Benefits; Structure; Voice; Landing Pages; Adverts; Product Pages; Editing; Building a Swipe File
Google Ads | Keywords to Conversions | ads, ppc, search, conversion | Account Structure; Keywords; Bids; Ad Copy; Landing Pages; Conversion Tracking; Shopping; Display; Scripts; Audits
Marketing Analytics | Clicks to Attribution | analytics, attribution, metrics, dashboards | Measurement Plans; Tagging; Funnels; Cohorts; Attribution; Marketing Mix; Lifetime Value; Experiments; Dashboards; Privacy
Brand Strategy | Purpose to Positioning | brand, positioning, strategy, research | Purpose; Customers; Competitors; Positioning; Naming; Stories; Architecture; Touchpoints; Tracking; Repositioning
Growth Marketing | Activation to Retention | growth, retention, experiments, product | Growth Models; North Star Metrics; Acquisition; Activation; Retention; Referral; Pricing Tests; Experiment Rhythm; Growth Teams; Case Studies
Video Marketing | Script to Campaign | video, youtube, storytelling, campaign | Strategy; Scripts; Storyboards; Filming on a Budget; Editing; Thumbnails; Channels; Live Video; Analytics; Repurposing Footage`},
	{"Finance and Accounting", "finance-and-accounting", "finance, money", `
Personal Finance | Budget to Pension | budgeting, savings, investing, money | Where Money Goes; Budgets; Emergency Funds; Debt; Insurance; Index Funds; Pensions; Taxes; Buying a Home; A Yearly Review
Financial Modelling | Assumptions to Valuation | modelling, excel, valuation, forecasting | Model Structure; Assumptions; Income Statement; Balance Sheet; Cash Flow; Debt Schedules; Scenarios; Sensitivity; Valuation; Reviewing a Model
Accounting | Debits to Statements | accounting, bookkeeping, statements, business | Debits and Credits; Journals; Ledgers; Accruals; Inventory; Depreciation; The Income Statement; The Balance Sheet; Cash Flow; Closing the Books
Investing | First Fund to Portfolio | investing, stocks, bonds, portfolio | Risk and Return; Compound Growth; Shares; Bonds; Funds; Diversification; Costs; Behavioural Traps; Rebalancing; Writing a Plan
Corporate Finance | Capital to Value | corporate-finance, valuation, capital, strategy | Time Value of Money; Net Present Value; Risk; Cost of Capital; Capital Structure; Dividends; Working Capital; Mergers; Options; Raising Capital
Financial Statement Analysis | Ratios to Red Flags | analysis, ratios, statements, equity | Reading Annual Reports; Revenue Quality; Margins; Liquidity; Leverage; Cash Conversion; Comparing Peers; Red Flags; Forecasting; Writing a Memo
Cryptocurrency and Blockchain | Hashes to Smart Contracts | blockchain, bitcoin, ethereum, fintech | Money and Ledgers; Hash Functions; Consensus; Bitcoin; Wallets; Ethereum; Smart Contracts; Tokens; Regulation; Risks
Tax Planning | Forms to Foresight | taxes, planning, business, compliance | How Taxes Work; Income; Deductions; Capital Gains; Self-Employment; Companies; Cross-Border Questions; Records; Audits; Year-End Checklist
Quantitative Trading | Signals to Execution | trading, quant, python, backtesting | Market Structure; Price Data; Signals; Backtesting; Overfitting; Risk Limits; Portfolio Construction; Execution; Costs; Monitoring a Strategy
Bookkeeping for Small Business | Receipts to Reports | bookkeeping, small-business, invoicing, taxes | Chart of Accounts; Invoices; Expenses; Bank Reconciliation; Payroll; Sales Tax; Software; Monthly Close; Cash Planning; Talking to Your Accountant`},
}
