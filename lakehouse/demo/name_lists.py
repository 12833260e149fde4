"""The words that name pools are made of: common names first, then parts that make rarer ones."""

ENGLISH_FEMALE = """
    Elizabeth Mary Jennifer Patricia Susan Sarah Jessica Margaret Katherine Rebecca Emily Emma
    Olivia Charlotte Amelia Sophie Hannah Lucy Grace Alice Chloe Victoria Helen Deborah Barbara
    Linda Nancy Karen Lisa Sandra Ashley Kimberly Donna Michelle Carol Amanda Melissa Stephanie
    Laura Cynthia Amy Angela Anna Brenda Pamela Nicole Samantha Christine Rachel Carolyn Janet
    Maria Heather Diane Ruth Julie Joyce Virginia Kelly Lauren Christina Joan Evelyn Judith
    Megan Andrea Cheryl Jacqueline Martha Madison Teresa Gloria Sara Janice Kathryn Ann Abigail
    Jean Isabella Frances Gabrielle Natalie Theresa Beverly Denise Danielle Marilyn Amber
    Brittany Diana Jane Lori Alexandra Holly Molly Georgia Phoebe Florence Daisy Poppy Imogen
    Harriet Matilda Beatrice Eleanor Josephine Penelope Rosalind Valerie Yvonne Zoe Naomi Miriam
    Leah Caitlin Bethany Gemma Kirsty Fiona Aileen Bronwen Sian Priya Aisha Fatima Zainab
    Shanice Tanya Tracy Wendy Vanessa Veronica Ursula Sylvia Sheila Rosemary Priscilla
"""
ENGLISH_MALE = """
    James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel
    Matthew Anthony Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Timothy
    Ronald Edward Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin
    Scott Brandon Benjamin Samuel Gregory Alexander Patrick Frank Raymond Jack Dennis Jerry
    Tyler Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy Walter
    Christian Keith Roger Terry Austin Sean Gerald Carl Harold Dylan Arthur Lawrence Jordan
    Jesse Bryan Billy Bruce Gabriel Joe Logan Alan Juan Albert Willie Elijah Wayne Randy Vincent
    Mason Roy Ralph Bobby Russell Bradley Philip Eugene Oliver Harry Leo Oscar Archie Alfie
    Freddie Theodore Toby Rhys Callum Ewan Hamish Lewis Graham Clive Nigel Trevor Derek Barry
    Gordon Malcolm Neil Stuart Duncan Angus Rory Liam Connor Declan Owen Gareth Dafydd Mohammed
    Imran Tariq Rajesh Sanjay Dominic Edmund Felix Frederick Hugh Jasper Leonard Maxwell Oswald
    Rupert
"""
ENGLISH_FAMILY = """
    Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans
    Walker White Roberts Green Hall Thomas Clarke Jackson Wood Harris Edwards Turner Martin
    Cooper Hill Ward Hughes Moore Clark King Harrison Lewis Baker Lee Allen Morris Khan Scott
    Watson Davis Parker James Bennett Young Phillips Richardson Mitchell Bailey Carter Cook
    Singh Shaw Bell Collins Morgan Kelly Begum Miller Cox Hussain Marshall Simpson Price
    Anderson Adams Wilkinson Foster Ahmed Ellis Murphy Chapman Mason Gray Richards Webb
    Griffiths Hunt Palmer Campbell Holmes Mills Rogers Barnes Knight Matthews Barker Powell
    Stevens Kaur Fisher Butler Dixon Russell Harvey Pearson Graham Fletcher Murray Howard Shah
    Gibson Gill Fox Stewart Elliott Lloyd Andrews Ford Owen West Saunders Reynolds Day Walsh
    Brooks Atkinson Payne Cole Bradley Spencer Pearce Burton Lawrence Dawson Ball Rose Booth
    Grant Watts Hudson Hart O'Brien O'Connor O'Neill McDonald MacLeod McKenzie Armstrong
    Carpenter Gallagher
"""
AMERICAN_FAMILY = """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez
    Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris
    Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill
    Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips
    Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook
    Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward
    Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez
    Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan
    Bell Coleman Butler Henderson Barnes
"""
ENGLISH_HEADS = """
    Ash Black Brad Brook Clif Dun East Fair Farn Glad Green Hamp Hart Hazel Hols Kings Lang Lind
    Lock Mar Mid Nor Oak Pem Ray Rock Rush Sand Shel Stan Stock Sut Thorn Wake Wal West Whit
    Wind Win Wood Worth Barn Birch Bram Burn Cald Carl Chad Craw Dal Den Eden Elm Fen Gar Hal
    Har Hol Keld
"""
ENGLISH_TAILS = """
    ton ley ford field wood worth well bury ham shaw more den stead bourne croft gate land brook
    by thorpe combe hurst wick ridge
"""
GERMAN_FEMALE = """
    Maria Ursula Monika Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea
    Gisela Claudia Susanne Gabriele Christa Christine Hildegard Anna Birgit Barbara Angelika
    Katharina Julia Laura Lena Lea Sarah Hannah Sophie Marie Johanna Franziska Nadine Stefanie
    Nicole Melanie Kathrin Anja Silke Heike Ute Käthe Bärbel Jördis Grün Anneliese Frieda Greta
    Ida Klara Lotte Mathilda Paula Theresa Vera Zoë Mareike Friederike Henriette
"""
GERMAN_MALE = """
    Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günther Stefan Christian Uwe Werner Horst
    Frank Dieter Manfred Gerhard Hans Bernd Thorsten Matthias Helmut Walter Heinz Martin Jörg
    Rolf Jens Sven Alexander Jan Rainer Holger Karl Dirk Joachim Ralf Carsten Herbert Oliver
    Wilhelm Kurt Markus Heinrich Lukas Leon Felix Maximilian Jonas Paul Niklas Tim Finn Elias
    Björn Götz Sönke Rüdiger Friedrich Johannes Tobias Sebastian
"""
GERMAN_FAMILY = """
    Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch
    Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann
    Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König
    Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel
    Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht
    Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto
    Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn
    Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer
"""
GERMAN_HEADS = """
    Alten Berg Birken Brücken Buch Dorn Eich Erlen Falken Feld Felsen Grün Hasel Hirsch Hoch
    Kalten Kirch Lauter Linden Löwen Mühl Neu Nieder Ober Rosen Schön Silber Stein Tannen Wald
    Weiden Wiesen
"""
GERMAN_TAILS = """
    bach berger feld hauer heimer hofer mann meier müller reuter stein thaler brunner kamp huber
    born dorfer eder
"""
FRENCH_FEMALE = """
    Marie Jeanne Françoise Monique Catherine Nathalie Isabelle Jacqueline Anne Sylvie Martine
    Madeleine Nicole Suzanne Hélène Christine Marguerite Denise Louise Christiane Yvonne Valérie
    Sophie Stéphanie Sandrine Véronique Céline Chantal Patricia Brigitte Annie Julie Aurélie
    Laurence Émilie Caroline Camille Léa Manon Chloé Inès Zoé Clémence Élodie Mathilde Océane
    Noémie Agathe Margaux Amélie Geneviève Solène
"""
FRENCH_MALE = """
    Jean Pierre Michel André Philippe René Louis Alain Jacques Bernard Marcel Daniel Roger
    Robert Paul Claude Christian Henri Georges Nicolas François Patrick Gérard Christophe Joseph
    Julien Maurice Laurent Frédéric Éric David Stéphane Pascal Sébastien Alexandre Thierry
    Olivier Antoine Raymond Guillaume Dominique Vincent Thomas Jérôme Bruno Hugo Lucas Théo
    Mathéo Noël Raphaël Gaëtan Loïc Benoît Cédric Rémi Étienne Anaël
"""
FRENCH_FAMILY = """
    Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel
    Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine
    Rousseau Vincent Muller Lefèvre Faure André Mercier Blanc Guérin Boyer Garnier Chevalier
    François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu
    Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun
    Blanchard Giraud Joly Rivière Lucas Brunet Gaillard Barbier Arnaud Martínez Gérard Roche
    Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas
    Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc Payet Rolland Leclercq
    Guillaume Lecomte
"""
FRENCH_HEADS = """
    Beau Bois Bon Bourg Chante Cham Char Château Clair Croix Gai Grand Haut Mont Neuf Val Ville
    Roche Mar Cour Fer Mal Per Saint Ser
"""
FRENCH_TAILS = """
    mont champ clair court fort lieu main pré rand ret rier set tier val vert ville vier voix
    neau nier
"""
POLISH_FEMALE = """
    Anna Maria Katarzyna Małgorzata Agnieszka Krystyna Barbara Ewa Elżbieta Zofia Janina Teresa
    Joanna Magdalena Monika Jadwiga Danuta Irena Halina Helena Beata Aleksandra Marta Dorota
    Marianna Grażyna Jolanta Stanisława Iwona Karolina Bożena Urszula Justyna Renata Alicja
    Paulina Sylwia Natalia Wanda Agata Izabela Łucja Żaneta
"""
POLISH_MALE = """
    Piotr Krzysztof Andrzej Tomasz Jan Paweł Michał Marcin Stanisław Jakub Adam Marek Łukasz
    Grzegorz Mateusz Wojciech Mariusz Dariusz Zbigniew Jerzy Maciej Rafał Robert Kamil Józef
    Jacek Dawid Tadeusz Ryszard Szymon Kacper Bartosz Artur Sławomir Jarosław Sebastian Patryk
    Mirosław Władysław Henryk Przemysław Święto
"""
POLISH_FAMILY = """
    Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak
    Dąbrowski Kozłowski Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski
    Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski
    Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak Górski Witkowski Walczak
    Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Zalewski Wróblewski
"""
POLISH_HEADS = """
    Bor Brzez Chmiel Dęb Gaj Głow Jasz Kal Kalin Klim Kras Lip Łub Mal Mich Mos Olch Pol Rog Rud
    Sos Star Wil Wit Wol Zar Żuk Cies Dob Fal
"""
POLISH_TAILS = """
    owski iński ewicz ak czyk ecki owicz eński ik kowski ański ewski
"""
GREEK_FEMALE = """
    Maria/Μαρία Eleni/Ελένη Katerina/Κατερίνα Vasiliki/Βασιλική Sofia/Σοφία Angeliki/Αγγελική
    Georgia/Γεωργία Dimitra/Δήμητρα Konstantina/Κωνσταντίνα Paraskevi/Παρασκευή Anna/Άννα
    Ioanna/Ιωάννα Despina/Δέσποινα Christina/Χριστίνα Evangelia/Ευαγγελία Anastasia/Αναστασία
    Chrysa/Χρύσα Alexandra/Αλεξάνδρα Fotini/Φωτεινή Kalliopi/Καλλιόπη Athanasia/Αθανασία Zoi/Ζωή
    Stavroula/Σταυρούλα Panagiota/Παναγιώτα Irini/Ειρήνη
"""
GREEK_MALE = """
    Georgios/Γεώργιος Dimitrios/Δημήτριος Konstantinos/Κωνσταντίνος Ioannis/Ιωάννης
    Nikolaos/Νικόλαος Christos/Χρήστος Panagiotis/Παναγιώτης Vasileios/Βασίλειος
    Athanasios/Αθανάσιος Michail/Μιχαήλ Evangelos/Ευάγγελος Spyridon/Σπυρίδων Antonios/Αντώνιος
    Anastasios/Αναστάσιος Theodoros/Θεόδωρος Andreas/Ανδρέας Charalampos/Χαράλαμπος
    Alexandros/Αλέξανδρος Stavros/Σταύρος Ilias/Ηλίας Petros/Πέτρος Sotirios/Σωτήριος
    Stylianos/Στυλιανός Grigorios/Γρηγόριος Apostolos/Απόστολος
"""
GREEK_STEMS = """
    Papad/Παπαδ Georg/Γεωργ Dimitr/Δημητρ Nikol/Νικολ Konstantin/Κωνσταντιν Ioann/Ιωανν
    Vasil/Βασιλ Athanas/Αθανασ Christ/Χριστ Theodor/Θεοδωρ Anton/Αντων Panagi/Παναγι Alex/Αλεξ
    Stavr/Σταυρ Karag/Καραγ Mich/Μιχ Petr/Πετρ Anagnost/Αναγνωστ Angel/Αγγελ Kal/Καλ Mavr/Μαυρ
    Manol/Μανωλ Lamb/Λαμπ Sotir/Σωτηρ Zach/Ζαχ Mark/Μαρκ Stath/Σταθ Fot/Φωτ Lyk/Λυκ Roum/Ρουμ
"""
GREEK_ENDINGS = """
    opoulos/όπουλος idis/ίδης akis/άκης iadis/ιάδης elis/έλης atos/άτος ellis/έλλης oudis/ούδης
"""
BULGARIAN_FEMALE = """
    Maria/Мария Ivanka/Иванка Elena/Елена Yordanka/Йорданка Penka/Пенка Rositsa/Росица
    Daniela/Даниела Petya/Петя Gergana/Гергана Desislava/Десислава Viktoria/Виктория Radka/Радка
    Stefka/Стефка Tsvetanka/Цветанка Nadezhda/Надежда Kalina/Калина Ralitsa/Ралица
    Teodora/Теодора Simona/Симона Snezhana/Снежана Lilyana/Лиляна Vesela/Весела
"""
BULGARIAN_MALE = """
    Georgi/Георги Ivan/Иван Dimitar/Димитър Nikolay/Николай Petar/Петър Hristo/Христо
    Aleksandar/Александър Yordan/Йордан Vasil/Васил Todor/Тодор Stefan/Стефан Stoyan/Стоян
    Atanas/Атанас Angel/Ангел Martin/Мартин Krasimir/Красимир Plamen/Пламен Ivaylo/Ивайло
    Valentin/Валентин Emil/Емил Boris/Борис Rumen/Румен Kiril/Кирил Lyubomir/Любомир
"""
BULGARIAN_STEMS = """
    Ivan/Иван Georgi/Георги Dimitr/Димитр Petr/Петр Nikol/Никол Hrist/Христ Stoyan/Стоян
    Todor/Тодор Iliy/Или Vasil/Васил Atanas/Атанас Angel/Ангел Yordan/Йордан Marin/Марин Kol/Кол
    Pop/Поп Stefan/Стефан Mihayl/Михайл Dobr/Добр Krast/Кръст Rad/Рад Slav/Слав Tsvetan/Цветан
    Bozh/Бож Mitk/Митк Gench/Генч Dench/Денч Raych/Райч
"""
BULGARIAN_ENDINGS = """
    ov/ов ev/ев ovski/овски evski/евски anov/анов enov/енов iev/иев inov/инов
"""
CHINESE_FAMILY = """
    Wang/王 Li/李 Zhang/张 Liu/刘 Chen/陈 Yang/杨 Huang/黄 Zhao/赵 Wu/吴 Zhou/周 Xu/徐 Sun/孙
    Ma/马 Zhu/朱 Hu/胡 Guo/郭 He/何 Lin/林 Gao/高 Luo/罗 Zheng/郑 Liang/梁 Xie/谢 Song/宋
    Tang/唐 Han/韩 Feng/冯 Deng/邓 Cao/曹 Peng/彭 Zeng/曾 Xiao/肖 Tian/田 Dong/董 Pan/潘 Yuan/袁
    Cai/蔡 Jiang/蒋 Yu/余 Du/杜 Ye/叶 Cheng/程 Wei/魏 Su/苏 Lu/吕 Ding/丁 Ren/任 Yao/姚 Shen/沈
    Zhong/钟 Cui/崔 Tan/谭 Fan/范 Liao/廖 Shi/石 Jin/金 Jia/贾 Xia/夏 Fu/付 Fang/方 Zou/邹
    Bai/白 Meng/孟 Qin/秦 Qiu/邱 Hou/侯 Yin/尹 Xue/薛 Yan/闫 Lei/雷 Long/龙 Tao/陶 Mao/毛
"""
CHINESE_FIRST = """
    Xiao/晓 Jia/佳 Wen/文 Ming/明 Zhi/志 Yu/玉 Hai/海 Guo/国 Jian/建 Li/丽 Hong/红 Chun/春
    Xin/新 Yong/永 De/德 Shu/淑 Jing/静 Ya/雅 Rui/瑞 Zi/子
"""
CHINESE_SECOND = """
    ming/明 hua/华 wei/伟 fang/芳 jun/军 ping/平 lin/林 qiang/强 mei/梅 ying/英 feng/峰 hong/红
    gang/刚 jie/杰 yan/燕 hui/慧 bo/波 xia/霞 tao/涛 na/娜
"""
NICKNAMES = """
    Elizabeth: Liz Beth Betty Lizzie Eliza; Margaret: Maggie Peggy Meg Marge; Katherine: Kate
    Kathy Katie Kat; Jennifer: Jen Jenny; Patricia: Pat Patty Tricia; Susan: Sue Susie; Jessica:
    Jess Jessie; Rebecca: Becky Becca; Victoria: Vicky Tori; Deborah: Deb Debbie; Barbara: Barb
    Babs; Sandra: Sandy; Kimberly: Kim; Michelle: Shelly; Amanda: Mandy; Stephanie: Steph;
    Cynthia: Cindy; Angela: Angie; Pamela: Pam; Nicole: Nicky Nikki; Samantha: Sam Sammy;
    Christine: Chris Chrissy Tina; Christina: Chris Tina Christy; Virginia: Ginny; Judith: Judy;
    Jacqueline: Jackie; Teresa: Terry Tess; Theresa: Terry Tess; Kathryn: Kathy Kate Katie;
    Abigail: Abby Gail; Isabella: Bella Izzy; Frances: Fran; Gabrielle: Gabby; Natalie: Nat;
    Alexandra: Alex Sandra; Danielle: Dani; Eleanor: Ellie Nell; Josephine: Jo Josie; Penelope:
    Penny; Valerie: Val; Vanessa: Nessa; Rosemary: Rosie Rose; Priscilla: Cilla; Charlotte:
    Lottie Charlie; Beatrice: Bea Trixie; Matilda: Tilly Mattie; Veronica: Ronnie; Emily: Em
    Emmy; James: Jim Jimmy Jamie; John: Johnny Jack; Robert: Rob Bob Bobby Robbie; Michael: Mike
    Mick Mickey; William: Will Bill Billy; David: Dave Davey; Richard: Rick Dick Rich; Joseph:
    Joe Joey; Thomas: Tom Tommy; Charles: Charlie Chuck Chas; Christopher: Chris Kit; Daniel:
    Dan Danny; Matthew: Matt; Anthony: Tony; Donald: Don Donnie; Steven: Steve; Stephen: Steve;
    Andrew: Andy Drew; Joshua: Josh; Kenneth: Ken Kenny; Timothy: Tim Timmy; Ronald: Ron Ronnie;
    Edward: Ed Eddie Ted Ned; Jeffrey: Jeff; Jacob: Jake; Nicholas: Nick Nicky; Jonathan: Jon;
    Lawrence: Larry; Benjamin: Ben Benny; Samuel: Sam Sammy; Gregory: Greg; Alexander: Alex Al
    Sandy; Patrick: Pat Paddy; Raymond: Ray; Nathan: Nate; Henry: Hank Harry; Zachary: Zach;
    Douglas: Doug; Peter: Pete; Walter: Walt; Arthur: Art; Gerald: Gerry Jerry; Gabriel: Gabe;
    Albert: Al Bert; Vincent: Vinny Vince; Philip: Phil; Eugene: Gene; Oliver: Ollie; Theodore:
    Ted Teddy Theo; Frederick: Fred Freddie; Leonard: Len Lenny; Maxwell: Max; Dominic: Dom;
    Russell: Russ; Bradley: Brad; Edmund: Ed Ned; Malcolm: Mal; Katarzyna: Kasia; Małgorzata:
    Gosia; Maximilian: Max; Sebastian: Basti; Johannes: Hans; Katharina: Kathi; Elisabeth: Lisa
    Elli; Alexandre: Alex; Nicolas: Nico; Konstantinos: Kostas; Georgios: Giorgos; Ioannis:
    Giannis; Dimitrios: Dimitris; Aleksandar: Sasho; Aleksandra: Ola
"""
