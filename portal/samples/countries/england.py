"""England, with the many tongues its names come from."""

from portal.samples.country import Country, listed
from portal.samples.numbers import lettered

ENGLAND = Country(
    code="GB",
    dial="44",
    female=listed("""
        Emily, Olivia, Amelia, Sophie, Chloë, Jessica, Grace, Lucy, Charlotte, Hannah, Zoë, Emma, Sarah,
        Laura, Rebecca, Rachel, Gemma, Claire, Helen, Karen, Susan, Margaret, Patricia, Linda, Julie,
        Amanda, Joanne, Nicola, Tracey, Alison, Fiona, Siân, Niamh, Aoife, Róisín, Bronwen, Megan,
        Cerys, Renée, Anaïs, Esmé, Beyza, Aisha, Fatima, Zainab, Priya, Anjali, Meera, Harpreet, Mei,
        Agnieszka, Ngozi, Adaeze, Abena, Folake, Imogen, Daisy, Poppy, Florence, Ivy, Harriet, Beatrice,
        Edith, Mabel, Maud, Winifred"""),
    male=listed("""
        Jack, Thomas, James, William, George, Daniel, Samuel, Joseph, Joshua, Matthew, Luke, Adam, Ryan,
        Liam, Connor, Nathan, Callum, Robert, Michael, Andrew, Stephen, Mark, Simon, Ian, Alan, Colin,
        Keith, Graham, Trevor, Nigel, Derek, Kevin, Gareth, Rhys, Dylan, Seán, Ciarán, Pádraig, Oisín,
        Noël, André, René, Tobias, Felix, Hugo, Mohammed, Ibrahim, Yusuf, Imran, Arjun, Rohan, Gurpreet,
        Wei, Piotr, Tomasz, Chidi, Emeka, Kwame, Kofi, Tunde, Oscar, Archie, Alfie, Theo, Ralph, Edmund"""),
    families=listed("""
        Smith, Jones, Taylor, Brown, Williams, Wilson, Davies, Robinson, Wright, Thompson, Evans,
        Walker, White, Roberts, Green, Hall, Wood, Jepson, Clarke, Patel, Khan, Lewis, Harris, Hughes,
        Edwards, Turner, Hill, Cooper, Ward, Moore, Morris, Clark, Lee, Baker, Harrison, King, Morgan,
        Allen, James, Scott, Phillips, Waddington, Davis, Parker, Bennett, Price, Griffiths, Young,
        Hussain, Begum, Singh, Kaur, Ali, Ahmed, Shaw, Cox, Richardson, Bailey, Carter, Marshall,
        O'Neill, O'Brien, O'Connor, O'Sullivan, O'Reilly, O'Hara, O'Dowd, D'Arcy, D'Souza, D'Costa,
        Lefèvre, Müller, Nowak, Wójcik, Okafor, Adeyemi, Mensah, Boateng, Chukwu, Chen, Wong, Nguyen,
        Rahman, Chowdhury, Sharma, Mistry, Gill, Ashworth, Ackroyd, Barraclough, Butterworth, Crabtree,
        Dewhurst, Entwistle, Fairclough, Greenhalgh, Hargreaves, Illingworth, Kershaw, Longbottom,
        Micklethwaite, Oldroyd, Pickles, Ramsbottom, Sutcliffe, Threlfall, Uttley, Varley, Whittaker,
        Yardley"""),
    second_given=0.3,
    second_family=0.08,
    joint="-",
    streets=listed("""
        High Street, Station Road, Church Lane, Mill Lane, Victoria Road, Park Avenue, Green Lane,
        Queen's Road, King's Walk, Orchard Close, Meadow View, The Crescent, Chapel Street,
        Market Place, Bishop's Way, St John's Road, School Lane, Springfield Drive, Bridge Street,
        Canal Side, Quarry Bank, Moor End, Old Hall Lane"""),
    towns={"YRK": listed("York, Leeds, Harrogate, Selby, Malton, Thirsk, Wetherby, Knaresborough")},
    address=lambda street, number, town: f"{number} {street}, {town}",
    phones={"": ("740", "742", "747", "753", "757", "759", "771", "773", "775", "785", "787", "789")},
    domains=("example.com", "mail.example", "post.example", "home.example.org"),
    languages=(("en", 0.97), ("es", 0.01), ("pt", 0.01), ("fr", 0.01)),
    papers=((("passport", lettered("53")), 0.85), (("residence_permit", lettered("ZU")), 0.15)),
)
