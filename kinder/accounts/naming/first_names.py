"""First names that neighbours in Scotland have, gathered by hand for notes to be read with.

A list knows some names and no more: capital letters, titles and "called" find most of the others.
Names that are everyday words too (Rose, Will, Grace, April) are left out; a capital letter or what
stands before them tells those.
"""

from kinder.accounts.naming.reading import words_of

LATIN = words_of(
    """
    aggie allana angie archie beatriz bernie bertie betsy bob bobby cammy cathie ceri chrissie
    chrissy
    dod effie elspeth ellie-may ernie ettie fergie gill greta gus halyna hughie ina isa ishbel
    jeannette
    jim jock jo joey katya lizanne lottie mabel mags maidie malky mhairi mick mikey minnie molly
    nanette nellie nessie netta peggy pete ravi rena rosie sadie senga shuggie sonny tilda tommy
    val wilf winnie yana zara
    aaron abbie abby abdul abdullah abigail ada adam adele adrian agnes agnieszka ahmad ahmed
    aidan aileen ailsa aimee aisha aisling alan alana alasdair alastair albert alec aled alejandro
    aleksander aleksandra alex alexa alexander alexandra alexis alfie alfred ali alice alicia
    alina alisha alison alistair allan allison alyssa amanda amelia amina amir amira amy ana
    anastasia andrea andreea andrei andrew andrii andrzej andy angela angus aniela anil anita ann
    anna annabel anne annette annie anthony antonio anya aoife archie ariana arjun arthur asha
    ashley asma audrey ava ayaan ayesha aylin ayse babajide barbara barry bartek bartosz bashir
    beata beatrice becca becky ben benjamin bernadette bernard beth bethany betty beverley bilal
    blessing bogdan bojana bozena bożena brandon brenda brendan brian bridget bronwyn brooke bruce
    bryan caitlin callum calum cameron camille carla carlos carmel carol caroline carolyn carys
    catherine cathy catriona cecilia chantelle charlene charles charlie charlotte chelsea cheryl
    chiara chidi chinedu chioma chloe chris christian christina christine christopher chukwuemeka
    ciara ciaran cillian claire clare claudia clive colette colin colm connor conor corey courtney
    craig cristina dagmara daisy damian daniel daniela danielle danny daria darren dave davey
    david davie dean debbie deborah declan deirdre denise dennis derek dermot desmond diana diane
    dimitri dmitri dmytro dominic dominika donald donna donnie dorota dorothy dougie douglas
    duncan dylan eamonn eddie edith edna edward edyta eileen eilidh eilish elaine eleanor elena
    eli elijah elizabeth ella ellen ellie ellis elsie emilia emily emma eoin eric erica erin
    esther ethan eugene eva evan eve evelyn evie ewa ewan ewelina ezra fadi faisal farah fareed
    farida faruq fatema fatima fatma felicity femi fergus finlay finn fiona florence fraser
    freddie freya gabriel gabriela gareth gary gavin gemma geoff geoffrey george georgia georgina
    gerald gerard gerry giles gillian gina giovanni glen glenda glenn gloria gordon graeme graham
    grażyna greg gregor grzegorz gurpreet gwen hadia hafsa halina hamish hamza hana hanna hannah
    hans harjit harold harriet harry hasan hassan hayley hazel heather hector heidi helen helena
    helga henry hilary hira howard hugh hussain hussein iain ian ibrahim idris igor ilona imogen
    imran ines ingrid irena irene isaac isabel isabella isabelle ishbel isla ismail ivan ivana ivy
    iwona izabela jacek jackie jacob jacqueline jade jagoda jakub james jamie jamila jan jane
    janet janice janina janusz jared jasmin jasmine jason jasper jawad jean jeanette jeannie jeff
    jeffrey jennie jennifer jenny jeremy jerzy jess jessica jessie jill jillian jim jimmy joan
    joanna joanne joao jodie joe joel johanna john johnny jola jolanta jon jonathan jordan jorge
    jose josef joseph josephine josh joshua josie joyce juan judith julia julian juliana julie
    juliet justin justine justyna kaitlyn kamal kamil kamila karen karim karl karol karolina
    kashif kasia kasper katarzyna kate katherine kathleen kathryn kathy katie katrina katy kayla
    kayleigh keira keith kelly kelsey ken kenneth kenny kenzie kerr kerry kevin khadija khadijah
    khalid khalil kieran kim kinga kirsten kirstie kirsty konrad kris kristina krystyna krzysztof
    kuba kyle lachlan larysa laura lauren laurence layla leah leanne lee leila lena leo leon leona
    leonard lesia lesley leslie leszek lewis liam lidia lily linda lindsay lindsey lisa liubov liz
    lizzie logan lola lorna lorraine louis louise luca lucas lucia lucinda lucy luis luka lukas
    lukasz luke lydia lyndsay lynn lynne maciej maciek madeleine madison magda magdalena maggie
    mahmoud maisie malcolm malgorzata manpreet marcel marcia marcin marco marcus marek margaret
    margo maria mariam mariana marianne marie marina mario marion marisa mariusz marjorie marlena
    marta martha martin martina martyn mary maryam marzena mateusz matilda matt matteo matthew
    maureen maurice max maxine małgorzata meera megan mehmet mehwish melanie melissa mia michael
    michal michał michelle miguel mike mikolaj mikołaj mila miles millie milo mina miriam mirosław
    mo mohamad mohamed mohammad mohammed moira molly mona monica monika morag morgan morna moses
    muhammad murdo murray musa mustafa mykola myra mòrag nadia nadine naila nancy naomi nasreen
    natalia natalie natasha nathan nazia neil nell ngozi niall niamh nicholas nick nicki nicky
    nicola nicole nigel nikola nikolai nina nkechi noah noel nora noreen norma norman nuala nur
    nuria oksana ola oleg oleh oleksandr oleksii olena olga oliver olivia omar oscar osman owen
    paige pamela parveen patricia patrick patryk paul paula paulina pauline pavlo pawel paweł
    pedro penelope penny peter petra phil philip philippa philomena phoebe phyllis piotr polly
    poppy prakash priya przemek rab rachael rachel radek rafael rafal rafał rahim raj rajesh ralph
    ramona rania raphael rashid raymond rebecca reece reggie reham remi renata rhiannon rhona rhys
    ricardo richard rita robbie robert roberta roberto robyn rodney roger roisin roman ronald
    ronan ronnie rory rosa rosalind rosanna rosemary roshni ross roxanne roy roya rozalia ruby
    rukhsana ryan ryszard saad saba sabina sabrina sadia safa saira sajid salem salim sally salma
    salman sam samantha samir samira samuel sana sandra sandy sanjay sara sarah saskia saul scott
    sean seonaid serena sergio serhii seumas shabana shahid shamus shane shannon sharon shaun
    shauna sheena sheila shelagh shelley sheryl shirley shona sian sienna sigrid silvia simon
    sinead siobhan siobhán siân skye sofia sonia sophia sophie stacey stan stanislaw stanisław
    stefan stella stephanie stephen steve steven stevie stewart struan stuart suleiman sunita
    susan susanna susannah susie suzanne svetlana sylvia szymon sławomir taha tahir tam tamara
    tania tanya tara taras tariq tatiana tayyaba ted teresa terry tess tessa tetiana theo theodore
    theresa thomas tiffany tilly tim timothy tina toby tom tomasz tomek tommy toni tony tracey
    tracy travis trevor trish tristan uche ula umar una urszula usha usman valentina valerie
    vanessa vasyl vera veronica vicki vicky victor victoria vijay viktor vincent violeta virginia
    vivian vivien volodymyr wahid walter wanda wayne wei wendy wesley wiktoria william willie
    willy wilma winifred wojciech wojtek wullie xavier yaroslav yasmin yasmine yousef youssef
    yulia yuri yusuf yvonne zac zach zachary zaheer zahra zainab zakir zara zbigniew zena zoe
    zofia zoya zuzanna zygmunt łukasz
    """
)
"""In small letters, with and without their accents."""

CYRILLIC_STEMS = words_of(
    """
    анастасі андрі анн анна артем богдан васил василь володимир вікторі віра галин григорі дар'я
    дарин дмитр зо катерин лесі любов людмил максим марі микол михайл надій надія назар наталі
    оксан олександр олексі олен ольг остап павл петр роман світлан сергі соломі софі степан тарас
    тетян юлі юрі ярослав іван ірин
    """
)
"""Ukrainian names without their endings: four letters or fewer may follow."""

ARABIC = words_of(
    """
    آمنة آمنہ أحمد أمينة إبراهيم ابراهيم ابراہیم احمد بشير بشیر بلال ثريا ثریا حسن حسين حمزة حمزہ
    خالد خديجة خدیجہ دينا رانيا رخسانہ رشيد رشید رنا زينب زینب سارة سارہ سلمى سلمی سمير سمیرا
    شازیہ شاہد صائمہ طارق عائشة عائشہ عبدالله عبداللہ عثمان علي عمر عمران فاطمة فاطمہ فیصل كريم
    ليلى لیلیٰ محمد مريم مریم مصطفى مصطفیٰ موسى موسیٰ نازیہ ندیم نسرین نور هدى هناء وسیم ياسمين
    يوسف پروین کاشف کریم یاسمین یوسف
    """
)
"""Arabic and Urdu names, in the spellings of both."""
