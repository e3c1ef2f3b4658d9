//! English.

use super::{Topic, Words};

/// Everything that is said in English.
pub(super) const WORDS: Words = Words {
    tag: "en",
    topics: TOPICS,
    first_names: &[
        "Alice", "Benedict", "Charlotte", "Duncan", "Eleanor", "Fergus", "Georgia", "Harvey", "Imogen", "Jolyon", "Keira", "Lachlan",
        "Maeve", "Nigel", "Orla", "Priya", "Rowan", "Sunita",
    ],
    last_names: &[
        "Ashcombe", "Birtwhistle", "Caddick", "Drummondson", "Elphick", "Fairbrass", "Garside", "Holloway-Pike", "Inchbald", "Jessamy",
        "Kettlewell", "Larkspur", "Merriweather", "Nethercott", "Oakenshaw", "Penhallow", "Quillfeather",
    ],
    products: &[
        "the Skagen rain jacket", "the Fjord 45 backpack", "the Harz Mid boots", "the Polar Night sleeping bag", "the Hiddensee 2 tent",
        "the Beacon head torch", "the Sylt fleece", "the Rhön trekking trousers",
    ],
    thanks: &["Thanks, that helped!", "Brilliant, thank you.", "Perfect, thanks for the quick answer 👍", "All clear, cheers!"],
    absence: "Thank you for your message. I am out of the office until the end of the week and do not read e-mail.",
};

const TOPICS: &[Topic] = &[
    Topic {
        subject: "Where is my order {order}?",
        openings: [
            "Hi, order {order} should have arrived yesterday. The tracking page has not moved for three days. Could you have a look?",
            "Hello, when will {order} arrive? We leave on Saturday and need the parcel before that.",
        ],
        more: "One more thing: the neighbours do not have it either.",
        replies: [
            "Hi {name}, the parcel is in the Hamburg depot and goes out today. I will keep an eye on it. Best, {agent}",
            "Hello {name}, the driver missed you yesterday. There is another attempt today between 2 and 5 pm.",
        ],
        follow: "It has just arrived, thank you!",
        close: "Lovely, have a good trip! Just reply here if there is anything else.",
        note: "Called the carrier, the parcel was sorted wrongly. New slot this afternoon.",
        skill: 0,
        tag: 0,
    },
    Topic {
        subject: "Return of {order}",
        openings: [
            "Hello, I would like to return {product} from order {order}. How do I get the label?",
            "Hi, two of the three items in {order} do not fit. May I send back just those?",
        ],
        more: "I still have the box, only the tag is off.",
        replies: [
            "Hi {name}, no problem at all. The label is attached, any parcel shop takes it. Best, {agent}",
            "Of course, {name}. Single items are fine, the refund takes three working days.",
        ],
        follow: "It is on its way. When will I be refunded?",
        close: "The refund went out today and should be with you by Thursday.",
        note: "Accept the return without the tag this once, she is a regular.",
        skill: 1,
        tag: 1,
    },
    Topic {
        subject: "Which size of {product}?",
        openings: [
            "Hi! I am 178 cm and 74 kg. Which size do I need? It is about {product}.",
            "Hello, does {product} run large or small? I usually wear M.",
        ],
        more: "I usually wear a jumper underneath.",
        replies: [
            "Hi {name}, with your measurements L fits best and leaves room for a layer. Best, {agent}",
            "Hello {name}, it is true to size. M is right for you, and exchanging is free anyway.",
        ],
        follow: "L it is then. Does it come in blue?",
        close: "It does, four left in fjord blue.",
        note: "The size chart on the page is out of date, please tell purchasing.",
        skill: 2,
        tag: 2,
    },
    Topic {
        subject: "Invoice for {order}",
        openings: [
            "Hello, I need an invoice for {order} in the name of my company. Can that still be done?",
            "Hi, the VAT number is missing on the invoice for {order}.",
        ],
        more: "Our accountant needs it before the end of the month.",
        replies: [
            "Hi {name}, I changed the invoice and attached it. Best, {agent}",
            "Hello {name}, please send me the exact company name and I will issue it again today.",
        ],
        follow: "Exactly right, thank you.",
        close: "You are welcome! The old invoice is cancelled.",
        note: "Cancelled and issued again, the copy is with accounting.",
        skill: 3,
        tag: 3,
    },
    Topic {
        subject: "Arrived damaged: {order}",
        openings: [
            "This is annoying: {product} arrived with a tear. Order {order}. See the photo.",
            "The box of {order} was open and {product} is scratched. I do not want to keep it like this.",
        ],
        more: "I would appreciate an answer by tomorrow, we need it at the weekend.",
        replies: [
            "I am sorry, {name}. A replacement leaves today and the carrier collects the damaged one. Best, {agent}",
            "Oh no, that is not how it should arrive. Would you prefer a replacement or 20 % off?",
        ],
        follow: "A replacement please. With better packaging this time.",
        close: "The replacement is on its way, double-boxed. Sorry again!",
        note: "Third damage with this box this week. The warehouse knows.",
        skill: 1,
        tag: 4,
    },
    Topic {
        subject: "A compliment",
        openings: [
            "Just wanted to say: two weeks on Lofoten and not a drop came through {product}. Fantastic!",
            "Yours is the best customer service I know. Thanks again for your help with {order}!",
        ],
        more: "Feel free to use the photo.",
        replies: [
            "How lovely, {name}! I will pass it on to the whole team. Best, {agent}",
            "Thank you, {name}, these are the messages we like best!",
        ],
        follow: "Until the next tour!",
        close: "Happy trails, and do send a photo.",
        note: "Photo for the wall in the break room!",
        skill: 2,
        tag: 5,
    },
    Topic {
        subject: "When will {product} be back?",
        openings: [
            "Hello, {product} is sold out. Will there be more?",
            "Hi, may I pre-order {product} or collect it from the shop in Kiel?",
        ],
        more: "Any colour will do.",
        replies: [
            "Hi {name}, the next delivery is due in two weeks. Shall I put one aside? Best, {agent}",
            "There are two left in Kiel, {name}. I can reserve one until Saturday.",
        ],
        follow: "Yes please, put one aside!",
        close: "Reserved, you will hear from us as soon as it is here.",
        note: "Purchasing says week 49.",
        skill: 2,
        tag: 2,
    },
    Topic {
        subject: "Change the address of {order}",
        openings: [
            "Help, I gave my old address for {order}! Can it still be changed?",
            "Could {order} go to a parcel locker please? Nobody will be at home.",
        ],
        more: "The new address is in my account.",
        replies: [
            "Hi {name}, just in time: the address is changed, the parcel leaves tonight. Best, {agent}",
            "It has already left, {name}, but I am having it redirected. That adds a day.",
        ],
        follow: "Phew, thanks!",
        close: "You are welcome. The tracking number comes by e-mail.",
        note: "Redirect ordered, costs us 4.90 €, please be generous.",
        skill: 0,
        tag: 0,
    },
    Topic {
        subject: "Warranty: {product}",
        openings: [
            "A seam comes loose after a year. It is about {product}, bought with {order}. Is that covered?",
            "The zip has been stuck since the second outing. Do you repair that ({product})?",
        ],
        more: "I still have the receipt.",
        replies: [
            "Hi {name}, we repair that free of charge. Please send it to our workshop, the label is attached. Best, {agent}",
            "Yes, {name}, that is covered. The workshop needs about ten days.",
        ],
        follow: "I sent it in yesterday.",
        close: "It arrived and is repaired, it goes back to you tomorrow.",
        note: "Workshop: a batch with weak thread, please be generous.",
        skill: 1,
        tag: 4,
    },
    Topic {
        subject: "Voucher does not work",
        openings: [
            "The voucher from the newsletter is not accepted at the checkout. What am I doing wrong?",
            "I paid for {order} and the voucher was not deducted.",
        ],
        more: "Maybe it does not apply to reduced items?",
        replies: [
            "Hi {name}, it needs an order of 50 €. I unlocked it for you, please try again. Best, {agent}",
            "That was our mistake, {name}: I am refunding the 15 € to the account you paid with.",
        ],
        follow: "It worked now.",
        close: "Great! Enjoy your order.",
        note: "The NORD15 voucher was set up wrongly until noon.",
        skill: 3,
        tag: 3,
    },
];
