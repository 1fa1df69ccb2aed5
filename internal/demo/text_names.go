package demo

import "strings"

// nameList holds the names of one region.
type nameList struct{ given, family []string }

func parseNames(given, family string) nameList {
	return nameList{strings.Split(given, ", "), strings.Split(family, ", ")}
}

var namesByRegion = []nameList{
	parseNames("Emma, Olivia, James, Charlotte, Noah, Amelia, Benjamin, Grace, Henry, Zoe, Ethan, Hannah, Lucas, Ruby, Samuel, Isla",
		"Smith, Johnson, Williams, Taylor, Walker, Bennett, Hughes, Carter, Morgan, Reed, Foster, Campbell, Stewart, Brooks, Sullivan, O'Connor"),
	parseNames("María, Lucía, Sofía, José, Andrés, Ángel, Martín, Valeria, Camila, Nicolás, Julián, Inés, Álvaro, Ximena, Raúl, Belén",
		"García, Rodríguez, Martínez, Hernández, López, González, Pérez, Sánchez, Ramírez, Núñez, Muñoz, Jiménez, Vásquez, Ibáñez, Castaño, Peña"),
	parseNames("João, Beatriz, Inês, Gonçalo, Mariana, Luís, Antônia, Thiago, Letícia, Sérgio, Conceição, Rafael, Júlia, Vinícius, Helena, Caio",
		"Silva, Santos, Oliveira, Souza, Ferreira, Araújo, Gonçalves, Magalhães, Simões, Barbosa, Conceição, Guimarães, Brandão, Teixeira, Moreira, Falcão"),
	parseNames("Léa, Chloé, Étienne, François, Amélie, Théo, Zoé, Jérôme, Aurélie, Benoît, Camille, Maëlle, Loïc, Hélène, Mathieu, Océane",
		"Dubois, Lefèvre, Moreau, Bérenger, Girard, Roche, Lemaître, Chevalier, Gauthier, Desrosiers, Bélanger, Côté, Fontaine, Marchand, Noël, Rousseau"),
	parseNames("Jürgen, Anna, Lukas, Käthe, Maximilian, Björn, Greta, Sören, Lena, Jörg, Heike, Felix, Annelie, Matthias, Ursula, Günther",
		"Müller, Schmidt, Schäfer, Weiß, Krüger, Vogel, Köhler, Jäger, Groß, Lang, Böhm, Fuchs, Schröder, Winkler, Zimmermann, Hoffmann"),
	parseNames("Astrid, Søren, Åsa, Bjørn, Ingrid, Mikkel, Linnéa, Øyvind, Freja, Jón, Sigríður, Elias, Saga, Aino, Väinö, Þóra",
		"Hansen, Lindström, Åkerlund, Sørensen, Østergaard, Nyström, Virtanen, Mäkinen, Bergström, Kjær, Ødegård, Sjöberg, Järvinen, Jónsdóttir, Halvorsen, Nordström"),
	parseNames("Zofia, Łukasz, Jiří, Kateřina, Zoltán, Ágnes, Małgorzata, Tomáš, Žofia, Matej, Šimon, Paweł, Eszter, Ștefan, Ioana, Dragoș",
		"Kowalski, Wiśniewska, Dvořák, Nováková, Szabó, Nagy, Zieliński, Procházka, Kovács, Horváth, Král, Wójcik, Tóth, Popescu, Ionescu, Černý"),
	parseNames("Natalia, Dmitri, Олена, Andrii, Svetlana, Наталья, Тарас, Milica, Đorđe, Goran, Željko, Snežana, Irina, Vesna, Pavel, Ivana",
		"Ivanova, Шевченко, Petrović, Kovačević, Bondarenko, Đukić, Volkova, Jovanović, Коваленко, Novak, Horvat, Babić, Melnyk, Popov, Živković, Orlov"),
	parseNames("Ayşe, Mehmet, Zeynep, Çağla, Emre, Gülşen, Burak, Şebnem, Leyla, Arash, Shirin, Dariush, Yasmin, Omid, Ömer, Işıl",
		"Yılmaz, Kaya, Demir, Çelik, Şahin, Öztürk, Aydın, Doğan, Arslan, Güneş, Tehrani, Farahani, Rostami, Karimi, Kılıç, Erdoğdu"),
	parseNames("Ahmed, Fatima, Omar, Layla, Youssef, Noor, Khalid, Salma, Hassan, Amira, ليلى, Tariq, Rania, Karim, محمد, Huda",
		"Hassan, Al-Sayed, Haddad, Mansour, Khalil, Nasser, Aziz, Farouk, الحسن, Rahman, Saleh, Qasim, Bakri, Zidan, Sabbagh, Othman"),
	parseNames("Priya, Arjun, Ananya, Rohan, Kavya, Vikram, Lakshmi, Aditya, Meera, Sanjay, Nisha, Harpreet, Ishaan, Divya, Rahul, Fatema",
		"Sharma, Patel, Iyer, Singh, Reddy, Nair, Gupta, Chatterjee, Kaur, Menon, Desai, Rao, Banerjee, Joshi, Hossain, Perera"),
	parseNames("Wei, Yuki, Haruto, Min-jun, 李, Sakura, Jia, Ji-woo, Xiu Ying, Kenji, 美咲, Seo-yeon, Hao, Aiko, Ming, Hyun-woo",
		"Chen, Wang, Tanaka, Kim, Sato, Park, Li, Suzuki, Zhang, Nakamura, 伟, Lee, Watanabe, 佐藤, Huang, Choi"),
	parseNames("Nguyễn Anh, Linh, Minh, Siti, Budi, Maria Luz, Somchai, Thảo, Nur Aisyah, Putu, Kanya, Jose Paolo, Hương, Rizky, Ploy, Đức",
		"Trần, Phạm, Santoso, Reyes, Hoàng, Wijaya, Suwan, dela Cruz, Võ, Abdullah, Lê, Bautista, Hartono, Đặng, Saetang, Villanueva"),
	parseNames("Chioma, Kwame, Amara, Thabo, Zainab, Kofi, Wanjiru, Adébáyò, Nomvula, Tendai, Abena, Juma, Ngozi, Lerato, Mamadou, Aïssatou",
		"Okafor, Mensah, Adeyemi, Dlamini, Kamau, Diallo, Nkosi, Otieno, Abubakar, Owusu, Moyo, Traoré, Achebe, Ndiaye, Mwangi, N'Dour"),
}
