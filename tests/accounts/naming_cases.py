"""Private notes as people write them, made up for the tests: 200 that name or lead to somebody, and
150 that do not. Names, numbers and streets are invented; telephone numbers are from the ranges kept
for fiction where there are such."""

# What stops a save ------------------------------------------------------------

TELEPHONES = """
Ring her on 07700 900123 if the lift is out
she said call me 07700900456 any time
my number is 0141 496 0123
(0141) 496 0199 is the flat
0141-496-0145 after six
+44 7700 900321
+44 (0)7700 900 654 whatsapp only
0044 7700 900777
call 020 7946 0018
01632 960 001 asks for the caretaker
tel:01632960777
07700.900.888 text not call
07700 – 900 – 111
07 700 900 222
0 7 7 0 0 9 0 0 3 3 3
o7700 900 444 that is my mobile
phone 496 0123 if you are local
text 4960188
her mobile: seven seven double oh nine double oh one two three
oh seven seven double zero nine hundred one two three call her
zero one four one four nine six zero one two three
nr tel. 512 345 678
zadzwoń 512-345-678
+48 512 345 678 to numer sąsiadki
mój numer: 512345678
телефон 050 123 45 67
+380 50 123 45 67
подзвони (044) 123-45-67
میرا نمبر ۰۷۷۰۰ ۹۰۰۱۲۳ ہے
فون 07700 900555 کریں
+92 300 1234567
رقمها ٠٧٧٠٠٩٠٠٦٦٦
اتصل على 07700 900 999
+966 50 123 4567
am fòn aice 01632 960222
fòn: 01632 960 333
ring ０７７００９００１２３
077\u200b00 900 234
helpline for her is 0808 157 0192
on 0300-123-4567 you get the warden
""".strip().splitlines()

EMAILS = """
write to shona.mck@example.org
SHONA@EXAMPLE.COM
her email is kasia_88@example.pl and she answers
mail: o.shevchenko+kids@example.com.ua
amina [at] example.org
amina (at) example (dot) org
amina at example dot org
jim dot boyd at example dot co dot uk
jim@ example.org
jim @example.org
jim＠example.org
e-mail moira@mail.example.net thanks
мій імейл olena@example.com
میرا ای میل bilal@example.pk ہے
بريدي hana@example.net
mailto:ewa@example.eu
ewa małpa example kropka pl
the.group@lunchclub.example
x@y.uk
contact: f.begum@example.ac.uk.
""".strip().splitlines()

POSTCODES = """
she stays at G20 8AB
g208ab third floor
G31 4EB is the close
the one in EH6 5AA
eh65aa
KW1 4YT
DG1 1AA near the bank
M1 1AE
SW1A 1AA
sw1a1aa
EC1A 1BB
W1A 0AX
CR2 6XH
DN55 1PT
B33 8TH
G2O 8AB
BT1 5GS
BT15GS
PA61 7YR on the island
HS2 0XJ
postcode: ZE1-0AA
G20  8AB
kod 00-950
kod pocztowy 31-042 Kraków
D02 X285
""".strip().splitlines()

HANDLES = """
find me @shona_mck
she is @kasia.w on there
insta: shonamck88
my instagram is shonamck88
snap: bigjim_1
add her snapchat bigjim_1
on facebook as moira lamb
https://www.facebook.com/moira.lamb
fb.com/moira.lamb
facebook.com/groups/thirdclose
tiktok.com/@kasia
t.me/olena_k
telegram @olena_k
wa.me/447700900123
discord jim#4821
twitter/x: jimboyd
x.com/jimboyd
https://jimboyd.example/about
www.moiralamb.example
linkedin.com/in/jim-boyd
инстаграм olena.kyiv
انستغرام hana_99
whatsapp group link https://chat.whatsapp.com/AbCd123
https://bit.ly/3abcd
twitch: bigjim
""".strip().splitlines()

# What is warned of ------------------------------------------------------------

NAMES = """
Margaret brought soup up
margaret brought soup up
my neighbour Moira took the bins out
Had a blether with Jim from the second floor
wee Callum held the door
Mrs Wilson gave me her paper
mrs wilson gave me her paper
Mr. Patel kept my parcel
Dr Singh stayed late
Father Kelly let us in
Rev. MacLeod drove me
Auntie Jean made tea
Granny Mackay knitted socks
Sister Bernadette sat with me
the woman is called Aileen
his name is Tam
a lad named Kieran helped
I met Siobhán at the stop
Niamh and Aoife carried the pram
old Wullie shared his paper
Shona's mum minded the wean
thanks to Agnieszka
Kasia pomogła mi z zakupami
Spotkałam panią Kowalską
pan Nowak naprawił zamek
z Tomkiem poszliśmy na kawę
sąsiadka Bożena przyniosła zupę
Оксана принесла борщ
сусід Тарас допоміг
пані Галина пригостила чаєм
дякую Олені за допомогу
فاطمہ نے چائے دی
محمد بھائی نے مدد کی
باجی ثریا آئیں
السيدة هناء أعطتني خبزا
ساعدني أحمد
جارتي فاطمة طبخت لنا
Amina shared dates
Mohammed walked me home
had tea with Fatima and her sister
Abdul kept the shop open
Uncle Bashir fixed the light
Chukwuemeka held the lift
Ngozi said hello
Wei helped with the form
Priya lent me her buggy
Olena brought borscht
I saw Kirsty MacDonald at the library
Big Davie pushed the car
JEAN WAS SO KIND
jean from no. 4 was so kind
her son Rory carried my bags
the driver, Stevie, waited for me
a nurse, Lorraine, held my hand
Mòrag gave me eggs
bha Seonaid còir rium
Calum thug dhomh lioft
the wee man Alfie waved
that was kind of you, Ruby
Eilidh and me shared a bench
""".strip().splitlines()

STREETS = """
outside 14 Buccleuch Street
14 buccleuch st, top flat
on Maryhill Road
at the corner of Byres Rd and Vinicombe St
flat 3/2, 45 Kent Road
Flat 2/1 again
number 12 Acacia Avenue
no. 7 Harbour Wynd
she lives at 22 Rowan Crescent
22 rowan cres
3 Station Cottages, Main Street
12B Linden Gardens
the top of Glebe Brae
house 4, Kirk Loan
Tower 2, flat 14C
block 5 flat 11
apartment 6, Quay House
my close is 118 Dumbarton Road
Mill Lane by the burn
in Shakespeare Terrace
17 Albert Quadrant
behind 9 Union Place
ul. Długa 5
na ulicy Polnej 12/4
вул. Шевченка 12
вулиця Лесі Українки, 7
شارع الملك 14
گلی نمبر 5
air Sràid na h-Eaglaise
aig 3 Rathad a' Chidhe
""".strip().splitlines()

# What says nothing of anybody -------------------------------------------------

CLEAN = """
A neighbour brought soup up
someone held the door for me
we shared a bench and talked about the weather
I carried shopping for a lady at the stop
The bus driver waited for me
She smiled and I felt better all day
helped push a car out of the snow
made tea for three people
I was having a bad day and a stranger asked if I was ok
He gave me his seat
The woman in the shop let me off 20p
It cost £4.50 and she paid
there were 12 of us at the table
At 10:30 the kettle went on
on 12/05/2026 we did it again
2026-03-05 was a good day
from 9.30 to 11.00 each Tuesday
since 1987 they do this every Christmas
I live on the 3rd floor and he carried the pram up
two teas, one coffee, 3 scones
walked 5000 steps together
100% worth it
we waited 45 minutes for the number 60 bus
the 61 was late so we talked
My neighbour watered my plants in July
On Monday a man fixed my bike
In March it was cold and the library was warm
At Easter we shared eggs
During Ramadan my neighbours sent food
Diwali sweets at the door
Eid meal with everyone
She speaks Polish and I speak English and we still talked
an Urdu speaker helped me with the form
the Ukrainian choir sang
They let me sit as long as I liked
God bless them
I will go again
may go back next week
he had a mark on his coat so I told him
hope this helps someone
such joy on her face
there was a rose on the table
I sat in the sun and a dog came over
the GP receptionist was patient
asked the pharmacist about the NHS app
got help with my PIP form
the CAB volunteer stayed late
the TV was broken and he mended it
It was too hard to ask
I did not feel safe so I left
Money was tight that week
no shared language but we laughed
the lunch club kept me a plate
someone left a book for me at the library
held a door, got a thank you
a teenager gave up her seat on the bus
People were sheltering from the rain and shared an umbrella
I found a wallet and handed it in
they waved from the window
the lollipop man knows all the kids
Someone I know by sight said hello
We cleaned the close together
she minded my weans for an hour
shared my lighter and a blether
the wifi code was written on the wall for all
cuppa with a pal
my pal came round
my sister phoned me
Mum phoned me
my gran told me a story
thanks for the lift
Thank you
Good chat
ok
A hello
He waved back. That was nice.
It rained. We laughed. Then the bus came.
Why did it help? Because I felt seen.
Do they do this every week? Yes.
What a day! Everyone was out.
Great craic at the market
The old man at the bench tells good jokes
I lent a drill
got my drill back with a cake
left soup at the door
looked in on a neighbour after the storm
a lady paid for my coffee
the café kept the heating on for us
gave my spot in the queue
swapped tomatoes for eggs
the kids made cards for the whole stair
jumble sale leftovers shared out
he walked slowly so I could keep up
she did not rush me
they asked me twice and I said yes
the choir let me just listen
someone translated for me
we prayed together
the imam made time for me
the priest was kind
a nurse sat with me for a bit
the doctor rang me back
my carer stayed ten minutes more
the concierge carried my bags
the caretaker salted the path
posties always say hi here
the street was icy and someone put sand down
a road sweeper said good morning
on the way to the park a man helped
there is a lane where we all feed the cats
the square was full of people
I live in a quiet place and like it
by the court there is a good bench
walk and talk group was good
view from the hill shared with strangers
the gardens are lovely now
at the bridge a girl gave me directions
around the corner from the shop
Sąsiadka przyniosła zupę
Pomogłem komuś z wózkiem
Ktoś przytrzymał mi drzwi. Miło.
W poniedziałek było zimno i ktoś dał mi koc
Dziękuję za herbatę
Wypiliśmy kawę i pogadaliśmy
Сусідка принесла борщ
Хтось притримав двері
Ми разом пили чай
У понеділок було холодно, і мені дали ковдру
Дякую за допомогу
پڑوسی نے چائے دی
کسی نے دروازہ پکڑا
ہم نے مل کر چائے پی
شکریہ
جارتي أعطتني خبزا
شخص ما أمسك الباب لي
شربنا الشاي معا
شكرا جزيلا
Thug cuideigin lioft dhomh
Bha cupa tì againn còmhla
Latha math le nàbaidhean
Chùm boireannach an doras fosgailte
they gave 15 minutes and that was plenty
scored 3-2 and everyone cheered
7 of 10 said yes
page 112 of the book we share
it was 1st of May
room 4 is always warm
bus 7 at stop 3
half past 6 by the clock
me and 2 others
see you at 7pm
£1,200 raised for the hall
""".strip().splitlines()
